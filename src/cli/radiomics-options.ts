import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parse } from 'yaml';
import { HounsfieldError } from '../errors.ts';
import { REGION_KINDS } from '../tasks/radiomics/cases.ts';
import { CHOOSING_FIGURES, defaultRadiomics } from '../tasks/radiomics/settings.ts';
import { namesOf } from './command.ts';
import { readObject } from './settings-options.ts';

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('It is not a whole number.');
  return value;
}

/** Adds the options of features: which region, and which features. */
export function addFeatureOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--region <what>', 'measure the mask, the box around it, or the whole image').choices([
        ...REGION_KINDS,
      ]),
    )
    .option(
      '--preset <name>',
      "of the features: ibsi-a … ibsi-e, pyradiomics-default (with --features: its own 'preset')",
    )
    .option('--features <file>', 'JSON or YAML with settings of the features')
    .option(
      '--pyradiomics <file|default>',
      "features by pyradiomics' definitions and names; its parameter file (YAML or JSON)",
    )
    .option(
      '--picture <file|default|none>',
      'JSON with settings of picture features (HOG, LBP, co-occurrence)',
    );
}

const usual = (list: 'classifiers' | 'steps'): string =>
  defaultRadiomics[list].map(({ name }) => name).join(',');

/** Adds the options that only the task radiomics has. */
export function addRadiomicsOptions(command: Command): Command {
  addFeatureOptions(command);
  return command
    .option(
      '--classifiers <names>',
      `radiomics: classifiers that are compared, joined by commas (default: ${usual('classifiers')})`,
      namesOf,
    )
    .option(
      '--steps <names>',
      `radiomics: steps before them, joined by commas; 'none' for none (default: ${usual('steps')})`,
      namesOf,
    )
    .addOption(
      new Option(
        '--choose <figure>',
        `radiomics: what decides among them (default: ${defaultRadiomics.choose})`,
      ).choices(Object.keys(CHOOSING_FIGURES)),
    )
    .option(
      '--folds <n>',
      `radiomics: outer folds of the nested cross-validation (default: ${defaultRadiomics.folds})`,
      whole,
    )
    .option('--inner <n>', `radiomics: inner folds (default: ${defaultRadiomics.inner})`, whole);
}

/** Settings of features that options give. @throws CONFIG_UNREADABLE */
export async function featureSettingsFrom(
  options: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const { region, preset, features, picture, pyradiomics } = options;
  const settings: Record<string, unknown> = {};
  if (region !== undefined) settings['region'] = region;
  if (preset !== undefined || features !== undefined) {
    settings['features'] = {
      ...(preset === undefined ? {} : { preset }),
      ...(features === undefined ? {} : await readParameterFile(String(features))),
    };
  }
  if (pyradiomics !== undefined) {
    settings['pyradiomics'] = pyradiomics === 'default' ? {} : await readParameterFile(String(pyradiomics));
  }
  if (picture !== undefined) {
    settings['picture'] =
      picture === 'none' ? null : picture === 'default' ? {} : await readParameterFile(String(picture));
  }
  return settings;
}

/** An object from a file of JSON or YAML. @throws CONFIG_UNREADABLE */
async function readParameterFile(file: string): Promise<Record<string, unknown>> {
  if (!/\.ya?ml$/i.test(file)) return readObject(file);
  let value: unknown;
  try {
    value = parse(await readFile(file, 'utf8'), { maxAliasCount: 100 });
  } catch (cause) {
    throw new HounsfieldError(
      'CONFIG_UNREADABLE',
      `${file} cannot be read as YAML (${cause instanceof Error ? cause.message : String(cause)}). Name a file of YAML or JSON.`,
      { cause },
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>; // YAML's mappings are
  }
  throw new HounsfieldError('CONFIG_UNREADABLE', `${file} holds no settings. Write names and values.`);
}

/** Settings of the task radiomics that options give. @throws CONFIG_UNREADABLE */
export async function radiomicsSettingsFrom(
  options: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const settings = await featureSettingsFrom(options);
  for (const name of ['classifiers', 'choose', 'folds', 'inner']) {
    if (options[name] !== undefined) settings[name] = options[name];
  }
  const steps = options['steps'] as readonly string[] | undefined; // parsed as names
  if (steps !== undefined) settings['steps'] = steps.length === 1 && steps[0] === 'none' ? [] : steps;
  return settings;
}
