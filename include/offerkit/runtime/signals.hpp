// SPDX-License-Identifier: Apache-2.0
#pragma once

/// SIGINT and SIGTERM as a function call on a thread, where everything may be done.

#include <functional>
#include <memory>

namespace offerkit::runtime {

/// While this lives, the two signals call `on_signal(number)` instead of ending the process. One at
/// a time per process.
class Signals {
public:
    explicit Signals(std::function<void(int)> on_signal);
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;
    ~Signals();

private:
    struct Body;
    std::unique_ptr<Body> body_;
};

}  // namespace offerkit::runtime
