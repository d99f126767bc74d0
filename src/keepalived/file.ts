export const keepalivedPath = '/etc/keepalived/keepalived.conf';
/** The first words of a file that lvsctl wrote; any other is refused. */
export const keepalivedMark = '# Written by lvsctl';
