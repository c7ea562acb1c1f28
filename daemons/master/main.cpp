// SPDX-License-Identifier: Apache-2.0
// offerkit-master: pools the resources of agents and offers them to frameworks.
#include <daemons/common/process.hpp>
#include <daemons/master/options.hpp>
#include <daemons/master/wiring.hpp>

#include <utility>

int main(int argc, char** argv) {
    offerkit::daemons::ignore_broken_pipes();
    offerkit::daemons::allow_many_connections();
    auto options = offerkit::daemons::read_master_options(argc, argv);
    if (!options) return offerkit::daemons::tell_refusal("offerkit-master", options.error());
    if (!options->problems.empty()) {
        return offerkit::daemons::tell_refusals("offerkit-master", options->problems);
    }
    return offerkit::daemons::run_master(std::move(options).value());
}
