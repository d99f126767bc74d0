/** Seconds that a datagram's answer may take; 1 in a lane that met two that were not answered. */
export const answerSeconds = 2;

/** A question that any DNS server answers, if only by a refusal: the name servers of the root. In octal escapes of printf, perl and python. */
export const dnsQuestion = 'LV\\001\\000\\000\\001\\000\\000\\000\\000\\000\\000\\000\\000\\002\\000\\001';
