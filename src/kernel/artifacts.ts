import { type Artifact, variant } from './artifact.js';
import { HIDDEN_PATCHES } from './hidden.js';

const GENTOO_MIRROR = 'Gentoo mirror digest';
const GENTOO = "Gentoo's manifest";
const PLD_KERNEL = "PLD Linux's kernel.spec";
const PLD_IPVSADM = "PLD Linux's ipvsadm.spec";

const linuxMirrors = (file: string) =>
  ['https://cdn.kernel.org', 'https://www.kernel.org', 'https://mirrors.edge.kernel.org'].map(
    (site) => `${site}/pub/linux/kernel/v2.4/${file}`,
  );
const lvsMirrors = (folder: 'kernel-2.4' | 'kernel-2.6', file: string) =>
  ['http://www.linuxvirtualserver.org', 'http://dragon.linuxvirtualserver.org', 'http://linux-vs.org'].map(
    (site) => `${site}/software/${folder}/${file}`,
  );
const ipvsadmMirrors = (file: string) => [
  `https://www.kernel.org/pub/linux/utils/kernel/ipvsadm/${file}`,
  `https://mirrors.edge.kernel.org/pub/linux/utils/kernel/ipvsadm/${file}`,
];

function linux(version: string, extension: 'gz' | 'bz2', ...variants: Artifact['variants']): Artifact {
  const file = `linux-${version}.tar.${extension}`;
  return { file, kind: 'linux', version, variants, mirrors: linuxMirrors(file) };
}

function ipvs(version: string): Artifact {
  const file = `ipvs-${version}.tar.gz`;
  return {
    file,
    kind: 'ipvs',
    version,
    variants: [],
    mirrors: lvsMirrors('kernel-2.4', file),
    note: `no digest was ever established; look for IP_VS_VERSION_CODE ${version} in ipvs/ip_vs.h`,
  };
}

type Ipvsadm = Pick<Artifact, 'variants'> & Partial<Pick<Artifact, 'mirrors' | 'note'>>;

function ipvsadm(version: string, extension: 'gz' | 'xz', more: Ipvsadm): Artifact {
  const file = `ipvsadm-${version}.tar.${extension}`;
  return { file, kind: 'ipvsadm', version, mirrors: ipvsadmMirrors(file), ...more };
}

const kernels: readonly Artifact[] = [
  linux('2.4.18', 'bz2', variant(GENTOO_MIRROR, { md5: 'ad92859baaa837847b34d842b9f39d38' }, 24161675)),
  linux(
    '2.4.20',
    'bz2',
    variant([GENTOO_MIRROR, PLD_KERNEL], { md5: 'c439d5c93d7fc9a1480a90842465bb97' }, 27421046),
  ),
  linux('2.4.20', 'gz', variant(PLD_KERNEL, { md5: '4606bddce8887deec72120a9ef78f4c2' })),
  linux('2.4.21', 'bz2', variant(PLD_KERNEL, { md5: 'f51e12efa18bb828cf57d9d4a81b2fb1' })),
  linux('2.4.22', 'bz2', variant(PLD_KERNEL, { md5: '75dc85149b06ac9432106b8941eb9f7b' })),
  linux('2.4.23', 'bz2', variant(PLD_KERNEL, { md5: '642af5ab5e1fc63685fde85e9ae601e4' })),
  linux('2.4.24', 'bz2', variant(PLD_KERNEL, { md5: '1e055c42921b2396a559d84df4c3d9aa' })),
  linux('2.4.25', 'bz2', variant(PLD_KERNEL, { md5: '5fc8e9f43fa44ac29ddf9a9980af57d8' })),
  linux('2.4.27', 'bz2', variant(GENTOO_MIRROR, { md5: '59a2e6fde1d110e2ffa20351ac8b4d9e' }, 30898453)),
  linux('2.4.28', 'bz2', variant(GENTOO_MIRROR, { md5: 'ac7735000d185bc7778c08288760a8a3' }, 31064046)),
  linux(
    '2.4.36',
    'bz2',
    variant(
      GENTOO_MIRROR,
      { sha256: 'c771c8e1db86eda01f047e4f23b48da748f31a82c9501e2c9af4b1acbee8a9e7' },
      31105810,
    ),
  ),
  linux(
    '2.4.37',
    'bz2',
    variant(
      `${GENTOO}, signed`,
      {
        sha1: 'bc1971b65b542f9c4853be86c07a5ac6ed0cb176',
        sha256: '42ffc97a1d06d13d04272369241829e18906281cf7b7e365fb03ae6d7071307b',
      },
      31091145,
    ),
  ),
  {
    file: 'patch-2.4.37.11.bz2',
    kind: 'linux-patch',
    version: '2.4.37.11',
    variants: [
      variant(
        GENTOO_MIRROR,
        {
          sha1: 'f16e5acf0b5139e5a2ae7ef18fc4b00d5d927005',
          sha256: 'fcbdc5b5ed098b5ff077a316778c305006f41d0a09bff65d4d092ea9aa66ee24',
        },
        55892,
      ),
    ],
    mirrors: linuxMirrors('patch-2.4.37.11.bz2'),
    note: 'goes onto linux-2.4.37',
  },
];

const hidden: readonly Artifact[] = HIDDEN_PATCHES.map(({ file, tried }) => ({
  file,
  kind: 'hidden',
  version: file.replace(/^hidden-|\.diff$/g, ''),
  variants: [],
  mirrors: [`http://www.ssi.bg/~ja/${file}`],
  note: `no digest was ever established; dry-run it before use${tried === undefined ? '' : ` (${tried})`}`,
}));

const ipvsadms: readonly Artifact[] = [
  ipvsadm('1.21', 'gz', {
    variants: [
      variant(`${PLD_IPVSADM}, 28 May 2003`, { md5: '349e32bfee41e0e4e8012831af69c603' }),
      variant("Lunar Linux's module, Jul 2004", { md5: 'b427a4283657b7ba0f3f8684e48cbb71' }),
    ],
    mirrors: lvsMirrors('kernel-2.4', 'ipvsadm-1.21.tar.gz'),
    note: 'rolled again under the same name (Gentoo corrected its digest on 12 Mar 2004)',
  }),
  ipvsadm('1.21-11', 'gz', {
    variants: [
      variant(
        [GENTOO_MIRROR, PLD_IPVSADM],
        {
          md5: '6890a15e6b9887320b4582db2d89878d',
          sha1: '368630ac25a772221deb101ee86b87a5341a5bab',
          sha256: '7b85020f84d4648166bce480d747d82ac5c9113f9a222e3de7eb92b7af0598fa',
        },
        34030,
      ),
    ],
    mirrors: lvsMirrors('kernel-2.4', 'ipvsadm-1.21-11.tar.gz'),
  }),
  ipvsadm('1.24', 'gz', {
    variants: [
      variant(
        GENTOO_MIRROR,
        {
          md5: 'e4b2a5c2a8f261485929563d479f87ab',
          sha256: '773cbada48061e3afafaeaa2800d5382b8ff638b2c929293c14a793112a0642a',
        },
        32007,
      ),
      variant(`${PLD_IPVSADM}, Jun 2005`, { md5: 'a9378adf5af7a799535b4c26cf3bcf10' }),
    ],
    mirrors: lvsMirrors('kernel-2.6', 'ipvsadm-1.24.tar.gz'),
    note: "kernel.org's copy of 2013 is a third file, of about 36 KB; its digest was not established",
  }),
  ipvsadm('1.25', 'gz', {
    variants: [
      variant(
        GENTOO_MIRROR,
        { sha256: '902c16a6458519fa5dd04457abe0c9edbd2ae4ae0334735634c6617c6eefeb69' },
        62248,
      ),
      variant(PLD_IPVSADM, { md5: '772a053f5fe888cd25784c5f55d31fc3' }),
    ],
    mirrors: [...lvsMirrors('kernel-2.6', 'ipvsadm-1.25.tar.gz'), ...ipvsadmMirrors('ipvsadm-1.25.tar.gz')],
  }),
  ipvsadm('1.26', 'gz', {
    variants: [variant(PLD_IPVSADM, { md5: 'eac3ba3f62cd4dea2da353aeddd353a8' })],
    mirrors: lvsMirrors('kernel-2.6', 'ipvsadm-1.26.tar.gz'),
    note: "the LVS project's copy",
  }),
  ipvsadm('1.27', 'xz', {
    variants: [
      variant(
        GENTOO,
        {
          sha512:
            'cf982b7981674c91d1b7516de7b55cf378b306ce4a53e13976b8eeb8610015c4fa4aa9d251bc4d329db8e05c1862863160af2d3c63b76263f290087cffdf1b80',
        },
        38196,
      ),
      variant(PLD_IPVSADM, { md5: '9decaaaad2fd637ed06cffd954e66cf3' }),
    ],
  }),
  ipvsadm('1.28', 'xz', {
    variants: [
      variant(
        GENTOO,
        {
          sha512:
            'a1e10ce30751d9439f832e221e5c41b338f87dcc94a0b21329d908a9164f8882049af9d9d918b764b36c30e353d5b8db49d7088e60c24e4748713c06cccf7035',
        },
        38600,
      ),
      variant(PLD_IPVSADM, { md5: 'b2c8fa302d5a9e9ebd4f60dd34aecd83' }),
    ],
  }),
  ipvsadm('1.29', 'xz', { variants: [variant(PLD_IPVSADM, { md5: '12f0d3b4d436e941d0c4dbe358144bfd' })] }),
  ipvsadm('1.29', 'gz', {
    variants: [variant("OpenMandriva's package", { sha1: 'ec2ab7537d9bfa0de6c5bb69730da37099270cc8' })],
  }),
  ipvsadm('1.30', 'xz', { variants: [variant(PLD_IPVSADM, { md5: '97f11b6af1920fde5a9d9eac0d7f9e50' })] }),
  ipvsadm('1.31', 'xz', {
    variants: [
      variant(
        GENTOO,
        {
          sha512:
            '1c7187405771e702eff0009d688fa697375b833a486ff88b41a4a0dcfaa3e9884c7e3bc34375efea5f6a2d025847c9fac9fd6ba694ec3bf2fc9d357eef2cb631',
        },
        42396,
      ),
      variant(PLD_IPVSADM, { md5: 'f6d1707c5baf684b58fd33682d67871f' }),
    ],
  }),
];

/** Every file that a rebuild may need, and the other states of the same software that are known. */
export const ARTIFACTS: readonly Artifact[] = [
  ...kernels,
  ...['1.0.4', '1.0.7', '1.0.9', '1.0.10'].map(ipvs),
  ...hidden,
  ...ipvsadms,
];

/** @throws Error for a file that the catalogue does not have */
export function artifact(file: string): Artifact {
  const found = ARTIFACTS.find((each) => each.file === file);
  if (!found) throw new Error(`no artifact ${file}`);
  return found;
}
