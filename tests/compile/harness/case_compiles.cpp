// SPDX-License-Identifier: Apache-2.0
// For the harness itself: the case compiles.

// case: a number from a number
// expect: invalid
#if CASE == 1
int number = 1;
#endif
