// SPDX-License-Identifier: Apache-2.0
#pragma once

/// An HTTP server behind a plain interface: requests in, responses out, on one thread of its own.
/// The library behind it is named in one .cpp only.

#include <offerkit/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace offerkit::runtime {

struct HttpRequest {
    std::string method;  // "GET", "POST", "DELETE", ...
    std::string path;    // Decoded, without the query.
    std::map<std::string, std::string> query;
    std::string body;
};

struct HttpResponse {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
};

/// Answers one request; may be called later and from any thread, exactly once.
using HttpRespond = std::function<void(HttpResponse response)>;
using HttpHandler = std::function<void(const HttpRequest& request, HttpRespond respond)>;

struct HttpServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0: the kernel chooses.
    /// Requests must carry it as a bearer token; others are answered 401 before the handler is
    /// asked. Paths in `open_paths` need none. Never empty in a daemon.
    std::string token;
    std::map<std::string, HttpResponse> open_paths;  // Answered as they stand: "/healthz".
    std::size_t body_max = 1024 * 1024;
    std::size_t connections_max = 1024;
};

class HttpServer {
public:
    /// Binds, listens and serves. Refuses: `invalid` address, `unavailable` port.
    static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options,
                                                     HttpHandler handler);
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer();

    [[nodiscard]] std::uint16_t port() const;

    /// Runs `call` on the server's thread, between requests: how a read model is kept without
    /// locks. Any thread; dropped after `stop`.
    void post(std::function<void()> call);

    /// Ends all connections and the thread.
    void stop();

private:
    struct Body;
    explicit HttpServer(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

}  // namespace offerkit::runtime
