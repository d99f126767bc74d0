import { type ArtifactDigest, digest, type KernelArtifact } from './artifact.js';
import { HIDDEN_PATCHES } from './hidden.js';

const GENTOO_MIRROR = 'Gentoo mirror digest';
const GENTOO = "Gentoo's manifest";
const PLD_KERNEL = "PLD Linux's kernel.spec";
const PLD_IPVSADM = "PLD Linux's ipvsadm.spec";

const LINUX_MIRRORS = ['cdn.kernel.org', 'www.kernel.org', 'mirrors.edge.kernel.org'].map(
  (site) => `https://${site}/pub/linux/kernel/v2.4/`,
);
// ipvsadm 1.24 and later only.
const IPVSADM_MIRRORS = ['www.kernel.org', 'mirrors.edge.kernel.org'].map(
  (site) => `https://${site}/pub/linux/utils/kernel/ipvsadm/`,
);
const lvsMirrors = (folder: 'kernel-2.4' | 'kernel-2.6') =>
  ['www.linuxvirtualserver.org', 'dragon.linuxvirtualserver.org', 'linux-vs.org'].map(
    (site) => `http://${site}/software/${folder}/`,
  );

/** With `size` in bytes. */
function linux(version: string, digests: readonly ArtifactDigest[], size?: number): KernelArtifact {
  const name = `linux-${version}`;
  return {
    name,
    file: `${name}.tar.bz2`,
    kind: 'linux',
    version,
    ...(size !== undefined && { size }),
    digests,
    mirrors: LINUX_MIRRORS,
  };
}

function ipvs(version: string): KernelArtifact {
  const name = `ipvs-${version}`;
  return {
    name,
    file: `${name}.tar.gz`,
    kind: 'ipvs',
    version,
    digests: [],
    mirrors: lvsMirrors('kernel-2.4'),
    note: 'no digest was ever established; its ip_vs.h says IP_VS_VERSION_CODE',
  };
}

type Ipvsadm = Pick<KernelArtifact, 'digests'> & Partial<Pick<KernelArtifact, 'size' | 'mirrors' | 'note'>>;

function ipvsadm(version: string, extension: 'gz' | 'xz', more: Ipvsadm): KernelArtifact {
  const name = `ipvsadm-${version}`;
  return {
    name,
    file: `${name}.tar.${extension}`,
    kind: 'ipvsadm',
    version,
    mirrors: IPVSADM_MIRRORS,
    ...more,
  };
}

const kernels: readonly KernelArtifact[] = [
  linux('2.4.18', [digest('ad92859baaa837847b34d842b9f39d38', GENTOO_MIRROR)], 24161675),
  linux('2.4.20', [digest('c439d5c93d7fc9a1480a90842465bb97', GENTOO_MIRROR, PLD_KERNEL)], 27421046),
  {
    ...linux('2.4.20', [digest('4606bddce8887deec72120a9ef78f4c2', PLD_KERNEL)]),
    name: 'linux-2.4.20-gz',
    file: 'linux-2.4.20.tar.gz',
    note: 'the file that the tutorial names; the .bz2 holds the same, and two sources agree on its digest',
  },
  linux('2.4.21', [digest('f51e12efa18bb828cf57d9d4a81b2fb1', PLD_KERNEL)]),
  linux('2.4.22', [digest('75dc85149b06ac9432106b8941eb9f7b', PLD_KERNEL)]),
  linux('2.4.23', [digest('642af5ab5e1fc63685fde85e9ae601e4', PLD_KERNEL)]),
  linux('2.4.24', [digest('1e055c42921b2396a559d84df4c3d9aa', PLD_KERNEL)]),
  linux('2.4.25', [digest('5fc8e9f43fa44ac29ddf9a9980af57d8', PLD_KERNEL)]),
  linux('2.4.27', [digest('59a2e6fde1d110e2ffa20351ac8b4d9e', GENTOO_MIRROR)], 30898453),
  linux('2.4.28', [digest('ac7735000d185bc7778c08288760a8a3', GENTOO_MIRROR)], 31064046),
  linux(
    '2.4.36',
    [digest('c771c8e1db86eda01f047e4f23b48da748f31a82c9501e2c9af4b1acbee8a9e7', GENTOO_MIRROR)],
    31105810,
  ),
  linux(
    '2.4.37',
    [
      digest('42ffc97a1d06d13d04272369241829e18906281cf7b7e365fb03ae6d7071307b', `${GENTOO}, signed`),
      digest('bc1971b65b542f9c4853be86c07a5ac6ed0cb176', `${GENTOO}, signed`),
    ],
    31091145,
  ),
  {
    name: 'patch-2.4.37.11',
    file: 'patch-2.4.37.11.bz2',
    kind: 'linux-patch',
    version: '2.4.37.11',
    size: 55892,
    digests: [
      digest('fcbdc5b5ed098b5ff077a316778c305006f41d0a09bff65d4d092ea9aa66ee24', GENTOO_MIRROR),
      digest('f16e5acf0b5139e5a2ae7ef18fc4b00d5d927005', GENTOO_MIRROR),
    ],
    mirrors: LINUX_MIRRORS,
    note: 'goes onto linux-2.4.37',
  },
];

const hidden: readonly KernelArtifact[] = HIDDEN_PATCHES.map(({ file, tried }) => ({
  name: file.replace(/\.diff$/, ''),
  file,
  kind: 'hidden',
  version: file.replace(/^hidden-|\.diff$/g, ''),
  digests: [],
  mirrors: ['http://www.ssi.bg/~ja/'],
  note: `no digest was ever established${tried === undefined ? '' : `; ${tried}`}`,
}));

const ipvsadms: readonly KernelArtifact[] = [
  ipvsadm('1.21', 'gz', {
    digests: [
      digest('349e32bfee41e0e4e8012831af69c603', `${PLD_IPVSADM}, 28 May 2003`),
      digest('b427a4283657b7ba0f3f8684e48cbb71', "Lunar Linux's module, Jul 2004"),
    ],
    mirrors: lvsMirrors('kernel-2.4'),
    note: 'rolled again under the same name; Gentoo corrected its digest on 12 Mar 2004',
  }),
  ipvsadm('1.21-11', 'gz', {
    size: 34030,
    digests: [
      digest('7b85020f84d4648166bce480d747d82ac5c9113f9a222e3de7eb92b7af0598fa', GENTOO_MIRROR, PLD_IPVSADM),
      digest('368630ac25a772221deb101ee86b87a5341a5bab', GENTOO_MIRROR, PLD_IPVSADM),
      digest('6890a15e6b9887320b4582db2d89878d', GENTOO_MIRROR, PLD_IPVSADM),
    ],
    mirrors: lvsMirrors('kernel-2.4'),
  }),
  ipvsadm('1.24', 'gz', {
    digests: [
      digest(
        '773cbada48061e3afafaeaa2800d5382b8ff638b2c929293c14a793112a0642a',
        `${GENTOO_MIRROR}, 32007 bytes`,
      ),
      digest('e4b2a5c2a8f261485929563d479f87ab', `${GENTOO_MIRROR}, 32007 bytes`),
      digest('a9378adf5af7a799535b4c26cf3bcf10', `${PLD_IPVSADM}, Jun 2005`),
    ],
    mirrors: lvsMirrors('kernel-2.6'),
    note: "kernel.org's copy of 2013 is a third file, of about 36 KB, whose digest is not known",
  }),
  ipvsadm('1.25', 'gz', {
    size: 62248,
    digests: [
      digest('902c16a6458519fa5dd04457abe0c9edbd2ae4ae0334735634c6617c6eefeb69', GENTOO_MIRROR),
      digest('772a053f5fe888cd25784c5f55d31fc3', PLD_IPVSADM),
    ],
    mirrors: [...lvsMirrors('kernel-2.6'), ...IPVSADM_MIRRORS],
  }),
  ipvsadm('1.26', 'gz', {
    digests: [digest('eac3ba3f62cd4dea2da353aeddd353a8', PLD_IPVSADM)],
    mirrors: lvsMirrors('kernel-2.6'),
    note: "the LVS project's copy",
  }),
  ipvsadm('1.27', 'xz', {
    size: 38196,
    digests: [
      digest(
        'cf982b7981674c91d1b7516de7b55cf378b306ce4a53e13976b8eeb8610015c4fa4aa9d251bc4d329db8e05c1862863160af2d3c63b76263f290087cffdf1b80',
        GENTOO,
      ),
      digest('9decaaaad2fd637ed06cffd954e66cf3', PLD_IPVSADM),
    ],
  }),
  ipvsadm('1.28', 'xz', {
    size: 38600,
    digests: [
      digest(
        'a1e10ce30751d9439f832e221e5c41b338f87dcc94a0b21329d908a9164f8882049af9d9d918b764b36c30e353d5b8db49d7088e60c24e4748713c06cccf7035',
        GENTOO,
      ),
      digest('b2c8fa302d5a9e9ebd4f60dd34aecd83', PLD_IPVSADM),
    ],
  }),
  ipvsadm('1.29', 'xz', { digests: [digest('12f0d3b4d436e941d0c4dbe358144bfd', PLD_IPVSADM)] }),
  {
    ...ipvsadm('1.29', 'gz', {
      digests: [digest('ec2ab7537d9bfa0de6c5bb69730da37099270cc8', "OpenMandriva's package")],
    }),
    name: 'ipvsadm-1.29-gz',
  },
  ipvsadm('1.30', 'xz', { digests: [digest('97f11b6af1920fde5a9d9eac0d7f9e50', PLD_IPVSADM)] }),
  ipvsadm('1.31', 'xz', {
    size: 42396,
    digests: [
      digest(
        '1c7187405771e702eff0009d688fa697375b833a486ff88b41a4a0dcfaa3e9884c7e3bc34375efea5f6a2d025847c9fac9fd6ba694ec3bf2fc9d357eef2cb631',
        GENTOO,
      ),
      digest('f6d1707c5baf684b58fd33682d67871f', PLD_IPVSADM),
    ],
  }),
];

/** Every file that a rebuild may need, and the others of the same software that are known. */
export const ARTIFACTS: readonly KernelArtifact[] = [
  ...kernels,
  ...['1.0.4', '1.0.7', '1.0.9', '1.0.10'].map(ipvs),
  ...hidden,
  ...ipvsadms,
];

/** @throws Error for a name that the catalogue does not have */
export function artifactNamed(name: string): KernelArtifact {
  const found = ARTIFACTS.find((each) => each.name === name);
  if (!found) throw new Error(`no artifact ${name}`);
  return found;
}
