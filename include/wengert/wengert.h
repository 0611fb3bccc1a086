/* The whole library in one include.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The location macros come last: they wrap constructors that must have been declared. */
#ifndef WG_WENGERT_H
#define WG_WENGERT_H

#include <wengert/backend.h>
#include <wengert/base.h>
#include <wengert/callback.h>
#include <wengert/certificate.h>
#include <wengert/check.h>
#include <wengert/checkpoint.h>
#include <wengert/context.h>
#include <wengert/custom.h>
#include <wengert/data.h>
#include <wengert/derivatives.h>
#include <wengert/explain.h>
#include <wengert/graph.h>
#include <wengert/history.h>
#include <wengert/init.h>
#include <wengert/inspect.h>
#include <wengert/io.h>
#include <wengert/layers.h>
#include <wengert/metrics.h>
#include <wengert/model.h>
#include <wengert/ops.h>
#include <wengert/optimizer.h>
#include <wengert/pictures.h>
#include <wengert/plan.h>
#include <wengert/schedule.h>
#include <wengert/stdio.h>
#include <wengert/tensor.h>
#include <wengert/tools.h>
#include <wengert/train.h>

#include <wengert/locations.h>

#endif
