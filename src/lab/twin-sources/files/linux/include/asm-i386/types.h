#ifndef _I386_TYPES_H
#define _I386_TYPES_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

#endif
