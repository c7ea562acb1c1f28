// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Visits a closed set with one lambda per case. A case without one does not compile.

namespace offerkit {

template <class... Fs>
struct Overloaded : Fs... {
    using Fs::operator()...;
};

template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

}  // namespace offerkit
