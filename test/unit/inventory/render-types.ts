interface Node {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Node | boolean;
}

interface Root extends Node {
  readonly $defs: Readonly<Record<string, Node>>;
}

const HEADER = `// Rendered from schema.ts by test/unit/inventory/types.test.ts; do not edit.
// After a change of the schema: npx vitest run -u --root . test/unit/inventory/types.test.ts
`;

/** TypeScript interfaces, documented field by field, of a JSON schema whose objects are all in `$defs`. */
export function renderTypes(schema: Root): string {
  const interfaces = Object.entries(schema.$defs).map(([name, node]) => renderInterface(name, node, schema));
  return [HEADER, ...interfaces].join('\n');
}

function renderInterface(name: string, node: Node, { $defs }: Root): string {
  const fields = Object.entries(node.properties ?? {}).map(([field, value]) => {
    // zod leaves a field's description out where its type has the same one.
    const description = value.description ?? $defs[value.$ref?.replace('#/$defs/', '') ?? '']?.description;
    if (!description) throw new Error(`${name}.${field} has no description`);
    const required = node.required?.includes(field);
    const types = [...renderUnion(value), ...(required ? [] : ['undefined'])];
    const line = `  ${field}${required ? '' : '?'}: ${types.join(' | ')};`;
    const broken = `  ${field}${required ? '' : '?'}:\n${types.map((type) => `    | ${type}`).join('\n')};`;
    return `${doc(description, '  ')}${line.length <= LINE_WIDTH ? line : broken}\n`;
  });
  if (!node.description) throw new Error(`${name} has no description`);
  return `${doc(node.description, '')}export interface ${name} {\n${fields.join('')}}\n`;
}

/** As in biome.json. */
const LINE_WIDTH = 110;

function doc(text: string, indent: string): string {
  return `${indent}/** ${text.replaceAll('*/', '*\\/')} */\n`;
}

function renderUnion(node: Node): string[] {
  if (node.anyOf) return node.anyOf.flatMap(renderUnion);
  if (node.enum) return node.enum.map(literal);
  if (Array.isArray(node.type)) return node.type.map((type) => renderType({ type }));
  return [renderType(node)];
}

function renderType(node: Node): string {
  if (node.$ref) return node.$ref.replace('#/$defs/', '');
  if (node.const !== undefined) return literal(node.const);
  switch (node.type) {
    case 'string':
    case 'number':
    case 'boolean':
      return node.type;
    case 'integer':
      return 'number';
    case 'array':
      return arrayOf(renderUnion(node.items ?? {}));
    case 'object':
      if (node.properties) throw new Error('an object needs an id in its meta');
      return `Record<string, ${renderUnion(typeof node.additionalProperties === 'object' ? node.additionalProperties : {}).join(' | ')}>`;
    default:
      return 'unknown';
  }
}

function arrayOf(types: readonly string[]): string {
  return types.length > 1 ? `(${types.join(' | ')})[]` : `${types.join('')}[]`;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
