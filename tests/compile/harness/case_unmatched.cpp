// SPDX-License-Identifier: Apache-2.0
// For the harness itself: the case fails for another reason than it says.

// case: a number from a text
// expect: no such member
#if CASE == 1
int number = "text";
#endif
