/** Writes ensembles, their members and cases.json into a folder, for scripts/peers/ensembles.py. */
import { writeEnsembles } from './ensemble-cases.ts';

writeEnsembles(process.argv[2]!); // named by the script
