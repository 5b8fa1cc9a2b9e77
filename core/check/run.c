/* SPDX-License-Identifier: MIT */
#include "check/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check/internal.h"
#include "plugin/line.h"

enum { MOST_COMPONENTS = 1000, MOST_AT_A_TIME = 16 };

/* One case to run; in the order of reports. */
typedef struct job {
  ndg_check_work work;
  ndg_isolated *isolated; /* while it runs, and until it is reported */
  bool done;
} job;

typedef struct plan {
  const ndg_check_request *request;
  ndg_check_summary *summary;
  ndg_arena *arena;
  bool loads;       /* without a crash; the host may still refuse it */
  uint64_t on_load; /* bytes that opening it prints */
  uint64_t n_components;
  struct {
    const char *kind, *id;
  } * components;
  uint64_t n_jobs, n_room;
  job *jobs;
  uint64_t next_start, next_report;
  uint64_t n_surveyed; /* results of the survey: 0 or 1 */
} plan;

static void nothing(ndg_check *c) {
  (void)c; /* the runner opens the subject for every case; the survey is this one */
}
const ndg_check_case ndg_check_loads = {.group = "library",
                                        .name = "loads",
                                        .property = "the host accepts it",
                                        .run = nothing,
                                        .flags = NDG_CHECK_OF_FILE};

static ndg_status no_memory(ndg_error *e) {
  return ndg_fail(e, NDG_ENOMEM, "out of memory for the checker");
}

void ndg_check_path(const ndg_check_case *c, char *out, size_t size) {
  (void)snprintf(out, size, "%s/%s", c->group, c->name);
  for (char *p = out; *p; p++)
    *p = *p == ' ' ? '_' : *p;
}

bool ndg_check_names(const char *only, const ndg_check_case *c) {
  char path[128];
  if (!only)
    return true;
  ndg_check_path(c, path, sizeof path);
  for (const char *p = path;; p++, only++) {
    if (*only == '\0')
      return *p == '\0' || *p == '/';
    if (*p != (*only == ' ' || *only == '-' ? '_' : *only))
      return false;
  }
}

static ndg_status check_name(const char *only, ndg_error *e) {
  char groups[300];
  ndg_line l = ndg_line_in(groups, sizeof groups);
  if (ndg_check_names(only, &ndg_check_loads))
    return NDG_OK;
  const char *last = "";
  for (const ndg_check_case *const *t = ndg_check_groups; *t; t++) {
    for (const ndg_check_case *c = *t; c->group; c++) {
      if (ndg_check_names(only, c))
        return NDG_OK;
      if (strcmp(last, c->group) != 0)
        ndg_line_add(&l, "%s%s", *last ? ", " : "", c->group);
      last = c->group;
    }
  }
  return ndg_fail(e, NDG_ENOTFOUND,
                  "no case is called '%.80s'; the groups are: %s; 'nudge check --list' shows all",
                  only, groups);
}

static void report(const plan *p, const ndg_check_work *w, const ndg_isolated *i) {
  char text[NDG_CHECK_TEXT_SIZE + 200];
  ndg_check_result result = {.of = w->of, .id = w->id, .kind = w->kind, .seed = p->request->seed};
  ndg_check_judge(i, p->on_load, text, sizeof text, &result);
  p->summary->n[result.outcome]++;
  p->request->report(p->request->context, &result);
}

static ndg_status add_component(plan *p, const char *said, ndg_error *e) {
  char *kind = ndg_arena_strdup(p->arena, said);
  if (!kind)
    return no_memory(e);
  char *blank = strchr(kind, ' ');
  if (!blank || p->n_components == MOST_COMPONENTS)
    return NDG_OK;
  *blank = '\0';
  p->components[p->n_components].kind = kind;
  p->components[p->n_components++].id = blank + 1;
  return NDG_OK;
}

/* Which components are there? What goes wrong on the way is the outcome of a case. */
static ndg_status survey(plan *p, ndg_error *e) {
  const ndg_check_work w = {.request = p->request, .of = &ndg_check_loads};
  ndg_isolated *i = ndg_arena_alloc(p->arena, 1, sizeof *i);
  p->components = ndg_arena_alloc(p->arena, MOST_COMPONENTS, sizeof *p->components);
  if (!i || !p->components)
    return no_memory(e);
  ndg_status st = ndg_isolated_start(i, ndg_check_work_survey, (void *)(uintptr_t)p->request,
                                     ndg_check_limit(p->request, NULL), e);
  if (st < 0)
    return st;
  while (i->pid > 0)
    ndg_isolated_wait(&i, 1);
  const char *said = NULL;
  while (st >= 0 && (said = ndg_isolated_said(i, NDG_SAYS_COMPONENT, said)) != NULL)
    st = add_component(p, said, e);
  p->loads = ndg_isolated_said(i, NDG_SAYS_DONE, NULL) && !i->timed_out && !i->flooded;
  const bool wrong = !p->loads || ndg_isolated_said(i, NDG_SAYS_FAIL, NULL);
  if (wrong)
    p->n_components = 0;
  if (wrong || ndg_check_names(p->request->only, w.of)) {
    report(p, &w, i);
    p->n_surveyed++;
  }
  p->on_load = i->n_output;
  ndg_isolated_free(i);
  return st;
}

static ndg_status check_id(const plan *p, ndg_error *e) {
  const char *id = p->request->id;
  char ids[300];
  ndg_line l = ndg_line_in(ids, sizeof ids);
  if (!id || p->n_components == 0)
    return NDG_OK;
  for (uint64_t k = 0; k < p->n_components; k++) {
    if (strcmp(p->components[k].id, id) == 0)
      return NDG_OK;
    ndg_line_add(&l, "%s%s", k ? ", " : "", p->components[k].id);
  }
  return ndg_fail(e, NDG_ENOTFOUND, "%s has no component '%.60s'; there are: %s",
                  p->request->subject->file, id, ids);
}

/* The cases of one component, or of the file (kind NULL). */
static void add_jobs(plan *p, const char *kind, const char *id) {
  for (const ndg_check_case *const *t = ndg_check_groups; *t; t++) {
    for (const ndg_check_case *c = *t; c->group; c++) {
      const bool of_file = c->flags & NDG_CHECK_OF_FILE;
      if (of_file != !kind || (kind && c->kind && strcmp(c->kind, kind) != 0) ||
          !ndg_check_names(p->request->only, c))
        continue;
      if (p->jobs)
        p->jobs[p->n_jobs].work =
            (ndg_check_work){.request = p->request, .of = c, .id = id, .kind = kind};
      p->n_jobs++;
    }
  }
}

static void add_all_jobs(plan *p) {
  const char *id = p->request->id;
  p->n_jobs = 0;
  if (p->loads && !p->request->subject->open) /* a script is no library */
    add_jobs(p, NULL, NULL);
  for (uint64_t k = 0; k < p->n_components; k++) {
    if (!id || strcmp(id, p->components[k].id) == 0)
      add_jobs(p, p->components[k].kind, p->components[k].id);
  }
}

static ndg_status start(plan *p, ndg_isolated *i, ndg_error *e) {
  job *j = &p->jobs[p->next_start];
  const double limit = ndg_check_limit(p->request, j->work.of);
  const ndg_status st = ndg_isolated_start(i, ndg_check_work_case, &j->work, limit, e);
  if (st < 0)
    return st;
  j->isolated = i;
  p->next_start++;
  return NDG_OK;
}

/* Those that have ended, as far as all before them have. */
static void report_ended(plan *p) {
  while (p->next_report < p->next_start) {
    job *j = &p->jobs[p->next_report];
    if (j->isolated->pid > 0)
      return;
    report(p, &j->work, j->isolated);
    ndg_isolated_free(j->isolated);
    ndg_free(j->isolated);
    j->isolated = NULL;
    p->next_report++;
  }
}

static size_t running(const plan *p, ndg_isolated **out) {
  size_t n = 0;
  for (uint64_t k = p->next_report; k < p->next_start; k++) {
    if (p->jobs[k].isolated->pid > 0)
      out[n++] = p->jobs[k].isolated;
  }
  return n;
}

static ndg_status run_jobs(plan *p, ndg_error *e) {
  uint32_t limit = p->request->at_a_time < 1 ? 1 : p->request->at_a_time;
  limit = limit > MOST_AT_A_TIME ? MOST_AT_A_TIME : limit;
  ndg_status st = NDG_OK;
  while (p->next_report < p->n_jobs && (st >= 0 || p->next_report < p->next_start)) {
    ndg_isolated *now[MOST_AT_A_TIME];
    size_t n = running(p, now);
    while (st >= 0 && n < limit && p->next_start < p->n_jobs) {
      now[n] = ndg_calloc(1, sizeof **now);
      st = now[n] ? start(p, now[n], e) : no_memory(e);
      if (st < 0)
        ndg_free(now[n]);
      else
        n++;
    }
    ndg_isolated_wait(now, n);
    report_ended(p);
  }
  return st;
}

ndg_status ndg_check_run(const ndg_check_request *q, ndg_check_summary *summary, ndg_error *e) {
  plan p = {.request = q, .summary = summary, .arena = ndg_arena_create(4096)};
  const double began = ndg_check_now();
  memset(summary, 0, sizeof *summary);
  if (!p.arena)
    return no_memory(e);
  ndg_status st = check_name(q->only, e);
  if (st >= 0)
    st = survey(&p, e);
  if (st >= 0)
    st = check_id(&p, e);
  if (st >= 0) {
    add_all_jobs(&p);
    p.jobs = ndg_arena_alloc(p.arena, p.n_jobs, sizeof *p.jobs);
    st = p.jobs ? NDG_OK : no_memory(e);
  }
  if (st >= 0) {
    add_all_jobs(&p);
    st = run_jobs(&p, e);
  }
  if (st >= 0 && p.n_jobs + p.n_surveyed == 0)
    st = ndg_fail(e, NDG_ENOTFOUND, "no case '%.80s' applies to %s", q->only, q->subject->file);
  ndg_arena_destroy(p.arena);
  summary->seconds = ndg_check_now() - began;
  return st;
}
