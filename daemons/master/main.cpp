// SPDX-License-Identifier: Apache-2.0
// offerkit-master: pools the resources of agents and offers them to frameworks.
#include <offerkit/master_main.hpp>

int main(int argc, char** argv) { return offerkit::master_main(argc, argv); }
