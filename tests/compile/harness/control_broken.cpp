// SPDX-License-Identifier: Apache-2.0
// For the harness itself: the control does not compile, so the case proves nothing.

int broken = "text";

// case: a sum of a number and a text
// expect: invalid conversion|cannot initialize
#if CASE == 1
int sum = "text";
#endif
