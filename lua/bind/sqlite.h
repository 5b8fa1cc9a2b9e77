/* SPDX-License-Identifier: MIT */
/* SQLite takes its memory from base/memory.h. */
#ifndef NUDGE_BIND_SQLITE_H
#define NUDGE_BIND_SQLITE_H

/* [main; before the first database; cheap] For a program that has SQLite to itself. */
void ndg_sqlite_use_own_memory(void);

#endif
