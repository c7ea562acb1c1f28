// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The tool's side of HTTP: asks masters and agents, and turns what goes wrong into refusals.

#include <offerkit/core/result.hpp>
#include <offerkit/runtime/cluster_access.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::tools {

using Query = std::vector<std::pair<std::string, std::string>>;

/// One kept-alive connection to one server. Not for two threads at once.
class HttpPeer {
public:
    /// `url` is "http://HOST:PORT". Refuses: `malformed` URLs.
    [[nodiscard]] static Result<HttpPeer> at(const std::string& url, const std::string& token);
    HttpPeer(HttpPeer&&) noexcept;
    HttpPeer& operator=(HttpPeer&&) noexcept;
    ~HttpPeer();

    /// The body of a 200. Refuses: `unavailable` if nobody answers, and what the server refuses.
    [[nodiscard]] Result<std::string> get(const std::string& path, const Query& query = {});
    [[nodiscard]] Result<std::string> post(const std::string& path, const std::string& body = "{}");

private:
    struct Body;
    explicit HttpPeer(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

}  // namespace offerkit::tools
