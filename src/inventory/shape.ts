import type { z } from 'zod';
import { isSecretKey, type Path, type Report } from './problem.js';
import { inventoryJsonSchema } from './schema.js';
import { didYouMean, nearest } from './suggest.js';

type Issue = z.core.$ZodIssue;

interface SchemaNode {
  readonly $ref?: string;
  readonly description?: string | undefined;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

interface SchemaRoot extends SchemaNode {
  readonly $defs?: Readonly<Record<string, SchemaNode>>;
}

let jsonSchema: SchemaRoot | undefined;

/** Says zod's issues in the operator's words: path, value found, what is wrong, the way out. */
export function reportShape(issues: readonly Issue[], input: unknown, report: Report): void {
  jsonSchema ??= inventoryJsonSchema();
  const root = jsonSchema;
  for (const issue of issues) reportIssue(issue, issue.path as Path, input, root, report);
}

function reportIssue(issue: Issue, path: Path, input: unknown, root: SchemaRoot, report: Report): void {
  const value = valueAt(input, path);
  const node = nodeAt(root, path);
  const meant = issue.code === 'invalid_union' ? branchMeant(issue.errors) : undefined;
  if (meant !== undefined) {
    for (const inner of meant) reportIssue(inner, [...path, ...(inner.path as Path)], input, root, report);
    return;
  }
  if (issue.code === 'unrecognized_keys') {
    const withKeys = alternative(root, node, hasKeys);
    for (const key of issue.keys) reportUnknownKey([...path, key], valueAt(value, [key]), withKeys, report);
    return;
  }
  const field = path.findLast((part) => typeof part === 'string');
  const ranged = { ...alternative(root, node, hasRange), description: node.description };
  const { message, hint } = wordsFor(issue, value, ranged, String(field));
  const description = node.description ?? 'see `lvsctl schema`';
  report(
    path,
    value,
    message,
    path.length === 0 ? EXPORT : (hint?.replace(DESCRIPTION, description) ?? description),
  );
}

/** Of the alternatives of a union the only one that the value has the type of: what is wrong is inside it. */
function branchMeant(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = branches.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Stands in a hint for the description of the field. */
const DESCRIPTION = '{description}';

function wordsFor(
  issue: Issue,
  value: unknown,
  node: SchemaNode,
  key: string,
): { message: string; hint?: string | undefined } {
  switch (issue.code) {
    case 'invalid_type':
      return typeWords(issue.expected, value, node);
    case 'invalid_value':
      return choiceWords(issue.values.map(String), value, key);
    case 'too_small':
    case 'too_big':
      if (issue.origin === 'array') return { message: 'is empty', hint: `name at least one. ${DESCRIPTION}` };
      return { message: `is out of range, ${node.minimum} to ${node.maximum}` };
    case 'invalid_union': {
      if (value === undefined) return { message: 'is missing' };
      const nearer = issue.errors.flat().find((each) => each.code === 'custom');
      return nearer ? wordsFor(nearer, value, node, key) : { message: 'is of the wrong type' };
    }
    case 'custom': {
      const hint: unknown = issue.params?.hint;
      return { message: issue.message, hint: typeof hint === 'string' ? hint : undefined };
    }
    default:
      return { message: issue.message };
  }
}

function typeWords(
  expected: string,
  value: unknown,
  node: SchemaNode,
): { message: string; hint?: string | undefined } {
  if (value === undefined) return { message: 'is missing' };
  const message = `is not ${TYPES[expected] ?? expected}`;
  if (
    typeof value === 'string' &&
    expected === 'number' &&
    value.trim() !== '' &&
    Number.isFinite(Number(value))
  )
    return { message, hint: `write ${Number(value)}, without quotes. ${DESCRIPTION}` };
  if (expected === 'object' && node.required)
    return {
      message,
      hint: `write { ${node.required.map((key) => `${key}: …`).join(', ')} }. ${DESCRIPTION}`,
    };
  return { message };
}

const EXPORT = 'write `export default defineInventory({ … })`';

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

function reportUnknownKey(path: Path, value: unknown, node: SchemaNode, report: Report): void {
  const key = String(path.at(-1));
  if (isSecretKey(key) && path.includes('ssh')) {
    const variable = /phrase/i.test(key) ? 'PASSPHRASE' : /sudo/i.test(key) ? 'SUDO_PASSWORD' : 'PASSWORD';
    const hint = `take it out; put it into the environment variable LVSCTL_${variable}, or let lvsctl ask`;
    report(path, value, 'a password never stands in the inventory', hint);
    return;
  }
  report(path, value, 'unknown key', didYouMean(key, Object.keys(node.properties ?? {}), 'keys here'));
}

function choiceWords(
  values: readonly string[],
  value: unknown,
  key: string,
): { message: string; hint: string } {
  const choices = `use one of: ${values.join(', ')}`;
  const meant = typeof value === 'string' ? nearest(value, values) : undefined;
  return {
    message: `unknown ${CHOICES[key] ?? key}`,
    hint: meant === undefined ? choices : `did you mean ${JSON.stringify(meant)}? (${choices})`,
  };
}

const CHOICES: Readonly<Record<string, string>> = {
  hostKeys: 'host key policy',
  algorithms: 'algorithm profile',
  forwarding: 'forwarding method',
  schedulerFlags: 'scheduler flag',
};

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** The schema's node for a path, with the field's own description before that of its type. */
function nodeAt(root: SchemaRoot, path: Path): SchemaNode {
  let node = follow(root, root);
  for (const part of path) {
    node = alternative(root, node, typeof part === 'string' ? hasKeys : hasItems);
    const property = typeof part === 'string' ? node.properties?.[part] : undefined;
    const rest = typeof node.additionalProperties === 'object' ? node.additionalProperties : {};
    const child = follow(root, property ?? (typeof part === 'number' ? (node.items ?? {}) : rest));
    node = child.description === undefined ? { ...child, description: node.description } : child;
  }
  return node;
}

const hasKeys = ({ properties, additionalProperties }: SchemaNode): boolean =>
  properties !== undefined || typeof additionalProperties === 'object';
const hasItems = ({ items }: SchemaNode): boolean => items !== undefined;
const hasRange = ({ minimum }: SchemaNode): boolean => minimum !== undefined;

/** Of a union the part that is asked for, if it has one; else the node itself. */
function alternative(root: SchemaRoot, node: SchemaNode, fits: (part: SchemaNode) => boolean): SchemaNode {
  return node.anyOf?.map((part) => follow(root, part)).find(fits) ?? node;
}

function follow(root: SchemaRoot, node: SchemaNode): SchemaNode {
  if (node.$ref === undefined) return node;
  const target = root.$defs?.[node.$ref.replace('#/$defs/', '')] ?? {};
  return node.description === undefined ? target : { ...target, description: node.description };
}
