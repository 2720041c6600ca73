/**
 * Words of descriptions of images that say nothing of a person: anatomy, directions, techniques, contrast, reading.
 * What is not here (names, places, numbers of any length) does not survive the cleaning of a text.
 */
const words = `
abdomen abdominal abscess acl acoustic acquisition acute adc adrenal after airway aligned alveolar anatomy anechoic
aneurysm angio angiogram angiography angle ankle anterior antero aorta aortic ap apex apical appendix arch arm arterial
arteries artery arthro arthrogram articular ascending aspect aspiration atlas atrial atrium attenuated attenuation auto
average axial axis b0 b50 b100 b400 b500 b800 b1000 back background baseline basal before bilateral bile biliary biopsy
black bladder blood bmode body bolus bone bowel brachial brain breast breath breathhold bright bronchi bronchial bronchus
calcaneus calcification calcium calf calibration cardiac carotid carpal caudal cavity cc ce cecum cerebellum cerebral cervical
cervix chest chronic cine circle circumflex clavicle cm coccyx coil collateral collimator colon color colour column combined
common comparison compression contour contrast control conventional cor coronal coronary correction corrected cortical
cortex cost cranial cranium cross crown csf ct cta ctap ctp curved cyst cystic data deep delay delayed dental density derived
detail diagnosis diagnostic diaphragm diastole diastolic diffusion digital dimension disc disk dislocation display distal
dixon dominant doppler dorsal dose dot double drain dsa dti dual duct duodenum dwi dynamic ear early ecg echo edema
edge effusion elastography elbow embolism emission emphysema endo enhanced enhancement epi epigastric equilibrium erect
esophagus eswan esr et exam examination excretory expiration expiratory extension external extremity eye ex face facial facet
fallopian fast fat fatsat fdg femoral femur fetal fetus fibula field fiesta film filter finding findings finger fingers first
fissure flair flash flexion flow fluid fluoro fluoroscopy fmri focus foot forearm fov fracture frame free frequency frontal
fs fse full function functional fundus fusion gad gallbladder gated gating gland gluteal gradient graft grase gre grid
groin guided hand hands haste head heart heel hematoma hemi hemorrhage hepatic hepatobiliary hernia high hilar hilum hip hips
hires horizontal hrct humerus hyper hypo iac idh ileum iliac image images imaging implant in inferior infiltrate
inflow infra infusion inguinal inhale initial injection inner inspiration inspiratory insufficiency intensity inter internal
intervention interventional intestine intra intravenous invasive inversion ir iso ivc iv jaw jejunum joint joints jugular kidney
kidneys knee knees kub kv kvp labrum lao large larynx lat late lateral lava left leg legs lesion lesions leukemia level
ligament limited line lobe localiser localizer loc long longitudinal loop low lower lumbar lumen lung lungs lymph lymphoma
mag magnitude main mammary mammo mammogram mammography mandible map mapping maps mask mass maxilla maxillary mean measurement
medial median mediastinal mediastinum medulla melanoma meniscus mesenteric metastases metastasis metastatic mid middle mild
minimum maximum mip minip mitral mlo mm mode moderate modified mono motion mpr mprage mr mra mrcp mri mrs mrv multi
multiphase multiplanar muscle musculoskeletal myelogram myocardial myocardium nasal native navigator neck necrosis needle
negative neonatal nerve neuro no nodal node nodes nodule nodules noise non noncontrast none normal nuclear oblique obstruction
occipital ocular odontoid of offset open opposed optic oral orbit orbital orbits original orthogonal os osseous osteo out outer
ovarian ovaries ovary overlay pa palm pancreas pancreatic panoramic parallel parasagittal parenchyma parietal parotid
partial patella patellar pathology pc pd pdfs pe pediatric pelvic pelvis penis percent perfusion pericardial periphery
peripheral peritoneal perpendicular pet petct petmr pfirrmann pharynx phase phased phases phantom pilot pituitary placenta plain
plan plane planes planning plaque plaques pleura pleural plexus pneumonia pneumothorax polyp popliteal portable portal position
positive post posterior postop pre preop pregnancy premed prep presentation pressure prior probe procedure processed
profile projection prone prostate protocol proton proximal pubic pubis pulmonary pulse puncture pyelogram qualitative
quality quantitative quick radial radiograph radiography radius rao raw ray rca reconstruction reconstructed recon rectal rectum
reference reformat reformatted region regional registered relaxation removed renal repeat report resolution resonance respiratory
rest result retina retrograde retroperitoneal review rf rib ribs right roi root rotation rotator routine row rows rule run
sacral sacroiliac sacrum sag sagittal saline saturation sc scalp scan scans scaphoid scapula scar scatter scout screening
scrotum se second secondary section segment segmentation segmented sella sense sequence sequential series serial shim short
shoulder shoulders si signal simulation single sinus sinuses skeletal skin skull slab slice slices slow small soft solid
sonogram source space spatial spect spectroscopy speech spgr spin spinal spine spiral spleen splenic split spot sscv staging
standard standing static std stenosis stent step stereo sternum stir stomach stone storage stress stroke structure study sub
subclavian subcutaneous subtraction sum superior supine suppressed suppression supra surface survey suspected susceptibility swan
swi symptoms syndrome synovial systole systolic t1 t1w t2 t2w t2star tap target task te temporal tendon test testes
testicular testis thick thickness thigh thin thoracic thorax threshold thrombosis thumb thymus thyroid ti tibia tibial time
tissue toe toes tof tomography tongue tooth top total trace trachea tracheal tract transducer transfer transplant transverse
trauma treatment tricuspid trigger triple trufi trunk tse tube tumor tumour turbo twist ulna ulnar ultrasound umbilical under unenhanced
unilateral unspecified upper upright ureter urethra urinary urogram us uterine uterus vagina vaginal valve varicose vascular vein
veins velocity venogram venous ventilation ventral ventricle ventricular vertebra vertebrae vertebral vertical vessel vessels
vibe view views visceral volume volumetric voxel vr vrt wall water wave weighted white whole wholebody wide width window with
without work wrist xr xray zero zoom zygoma a an and at ax by for from the to w wo or per plus minus not o op mr
`;

let known: ReadonlySet<string> | undefined;

/** True for a word, in small letters, that may stay in a cleaned text. */
export function isPlainWord(word: string): boolean {
  known ??= new Set(words.trim().split(/\s+/));
  return known.has(word);
}
