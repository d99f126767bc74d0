/** Profiles that come with lvsctl. Apart from the profiles themselves, so that reading an inventory does not load the catalogue. */
export const PROFILE_NAMES: readonly string[] = ['safer', 'tutorial'];
