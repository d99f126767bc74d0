import { definePlaybook, defineRole } from 'lvsctl';
import { directory } from 'lvsctl/resources';
import { z } from 'zod';

/** The thirty steps of the benchmark: folders with a mode, as Ansible's `file` makes them. */
const folders = defineRole({
  name: 'folders',
  description: 'thirty folders with a mode',
  params: z.strictObject({ paths: z.array(z.string()) }),
  appliesTo: () => true,
  resources: ({ params }) => params.paths.map((path) => directory({ path, mode: '0750' })),
});

export default definePlaybook({
  name: 'bench',
  stages: [{ name: 'folders', hosts: 'bench', roles: [folders] }],
  verify: false,
});
