// SPDX-License-Identifier: Apache-2.0
#include <daemons/common/process.hpp>
#include <daemons/master/options.hpp>
#include <daemons/master/wiring.hpp>
#include <offerkit/master_main.hpp>

#include <utility>

namespace offerkit::detail {

int master_main(int argc, char** argv, const OwnPolicy* own) {
    daemons::ignore_broken_pipes();
    daemons::allow_many_connections();
    auto options = daemons::read_master_options(argc, argv, own);
    if (!options) return daemons::tell_refusal("offerkit-master", options.error());
    if (!options->problems.empty()) {
        return daemons::tell_refusals("offerkit-master", options->problems);
    }
    return daemons::run_master(std::move(options).value());
}

}  // namespace offerkit::detail
