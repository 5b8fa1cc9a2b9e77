/* SPDX-License-Identifier: MIT */
/* Values as bytes: what core.pack, core.unpack and checkpoints share.

   A value is a tag and what it says; counts and references are LEB128, whole numbers zigzag LEB128,
   real numbers their eight bytes as they lie in memory.
     -           nil                       t, f   true, false
     i whole     a whole number            d ...  a real number
     s n bytes   a text                    r k    object k, which came before
     a kind, number of axes, axes, data    an array of kind d, i or s; A: a frozen one
     { n values, pairs, }                  a table: entries 1 to n, then key and value of the others
   Texts of at most NDG_PACK_SHARED bytes, arrays and tables are objects, counted from 0 as they
   begin, so that one that is held twice is written once and is one again. */
#ifndef NUDGE_BIND_PACK_H
#define NUDGE_BIND_PACK_H

#include "bind/bind.h"

enum { NDG_PACK_SHARED = 40, NDG_PACK_MAX_DEPTH = 100 };

/* Takes bytes; false ends the packing. */
typedef bool (*ndg_lua_pack_put)(void *context, const void *data, size_t n);

/* The value at index, in pieces. False: put said so. What cannot be packed is an error that says
   where it is. [-0, +0, v] */
bool ndg_lua_pack(lua_State *L, int index, ndg_lua_pack_put put, void *context);
/* The value of n bytes, which stay where they are; errors begin with `what`. [-0, +1, v] */
void ndg_lua_unpack(lua_State *L, const void *data, size_t n, const char *what);

#endif
