import { definePlaybook, defineRole, noParams } from 'lvsctl';
import { directory } from 'lvsctl/resources';

// Stands for the list of the benchmark's thirty folders, which it writes here as Ansible's playbook has them too.
const paths: readonly string[] = JSON.parse('PATHS');

/** The thirty steps of the benchmark: folders with a mode, as Ansible's `file` makes them. */
const folders = defineRole({
  name: 'folders',
  description: 'thirty folders with a mode',
  params: noParams,
  appliesTo: () => true,
  resources: () => paths.map((path) => directory({ path, mode: '0750' })),
});

export default definePlaybook({
  name: 'bench',
  stages: [{ name: 'folders', hosts: 'bench', roles: [folders] }],
  verify: false,
});
