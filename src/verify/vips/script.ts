import { type Sh, sh } from '../../shell/index.js';
import { printable } from '../traffic.js';
import { vipPerl } from './perl.js';
import { vipPython } from './python.js';
import type { Question } from './question.js';

/** What came back for a SYN: it was accepted (SYN and ACK), refused (RST), or an ICMP error came, as a packet filter sends it. */
export type Said = 'accepted' | 'refused' | 'rejected';

/** What one real server said to the director. */
export interface VipAnswer {
  /** To a SYN to the VIP; undefined: nothing. */
  readonly vip: Said | undefined;
  /** To a SYN to its own address and the service's port. */
  readonly own: Said | undefined;
  /** Whether it answered a ping to the VIP, and one to its own address. Not waited for where a SYN was answered. */
  readonly vipEcho: boolean;
  readonly ownEcho: boolean;
  /**
   * DR: its MAC address, or `none` when it is not on the director's link. TUN: `no-tunnel` when it said that it takes no such packets.
   */
  readonly link: string | undefined;
  /** Why it was not asked: `no-route` to it, or `from-vip`, as the director would ask from the VIP itself. */
  readonly unasked: 'no-route' | 'from-vip' | undefined;
}

export interface VipAnswers {
  /** One for each question, in their order; undefined where the answer got lost. */
  readonly answers: readonly (VipAnswer | undefined)[];
  /** Why nobody, or not everybody, was asked: `can't` and this. */
  readonly trouble?: string;
}

/**
 * Asks real servers at the VIP from a director, also from one that holds the VIP itself, and so could never connect to it elsewhere.
 * A SYN (where a port of TCP is known) and a ping go out as IPVS would send them on: as DR does with the real server's MAC address, through a packet
 * socket, or as TUN does in a tunnel packet. The answers, which come from the VIP, are an address of the director's own and dropped by its
 * kernel as such, but a packet socket sees them first. An accepted connection is cut at once by an RST. The same is asked at the
 * real server's own address.
 *
 * Nothing is changed on the director: no table, route, rule, address or setting, so that nothing is left over however the script
 * ends; no packet of its clients is touched, and a filter in the kernel keeps them away from the script. IPVS neither sees nor
 * counts it. Where `log_martians` is set, the kernel logs the answers.
 *
 * One line a question: `asked LABEL VIP OWN VIP-ECHO OWN-ECHO LINK WHY`, `-` where there is nothing; `asked all` at the end, or
 * `cannot TEXT`. 0.1 s where all answer, 3 s where one does not.
 */
export function vipScript(questions: readonly Question[]): Sh {
  const words = questions.map(({ word }) => word);
  return sh`LC_ALL=C; export LC_ALL
if command -v perl >/dev/null 2>&1; then perl -e ${vipPerl} -- ${words}
elif command -v python3 >/dev/null 2>&1; then python3 -c ${vipPython} ${words}
else echo 'cannot find perl or python3'; fi`;
}

/** Total: any text gives as many answers as there are questions. */
export function parseVipAnswers(text: string, questions: readonly Question[]): VipAnswers {
  const found = new Map<string, VipAnswer>();
  for (const line of text.split('\n')) {
    const [mark, label = '', ...told] = line.trim().split(' ');
    if (mark !== 'asked' || told.length !== 6) continue;
    const [vip, own, vipEcho, ownEcho, link, why] = told.map((word) => (word === '-' ? undefined : word));
    found.set(label, {
      vip: saidOf(vip),
      own: saidOf(own),
      vipEcho: vipEcho === 'echo',
      ownEcho: ownEcho === 'echo',
      link,
      unasked: why === 'no-route' || why === 'from-vip' ? why : undefined,
    });
  }
  const answers = questions.map((_, i) => found.get(`s${i}`));
  const trouble = /^cannot (.+)$/m.exec(text)?.[1];
  if (trouble !== undefined) return { answers, trouble: printable(trouble) };
  if (/^asked all$/m.test(text)) return { answers };
  return { answers, trouble: 'wait for all answers, the script ended early' };
}

function saidOf(word: string | undefined): Said | undefined {
  return word === 'accepted' || word === 'refused' || word === 'rejected' ? word : undefined;
}
