// SPDX-License-Identifier: Apache-2.0

/// The only file that names cpp-httplib.

#include "http_peer.hpp"

#include <httplib.h>
#include <nlohmann/json.hpp>

#include <chrono>

namespace offerkit::tools {

struct HttpPeer::Body {
    std::string url;
    httplib::Client client;

    explicit Body(const std::string& at) : url(at), client(at) {}
};

namespace {

/// What the server said, if it said it in our form.
Refusal refused(const std::string& url, const std::string& path,
                const httplib::Response& response) {
    const auto json = nlohmann::json::parse(response.body, nullptr, false);
    Refusal refusal{RefusalCode::unavailable, url, "answer " + path,
                    "status " + std::to_string(response.status), "see the server's log"};
    if (!json.is_object() || !json.contains("error") || !json["error"].is_object()) return refusal;
    const auto& error = json["error"];
    const auto read = [&](const char* key, std::string& field) {
        if (error.contains(key) && error[key].is_string()) field = error[key].get<std::string>();
    };
    read("who", refusal.who);
    read("what", refusal.what);
    read("why", refusal.why);
    read("todo", refusal.todo);
    switch (response.status) {
        case 401:
            refusal.code = RefusalCode::unauthenticated;
            break;
        case 403:
            refusal.code = RefusalCode::forbidden;
            break;
        case 404:
            refusal.code = RefusalCode::not_found;
            break;
        case 409:
            refusal.code = RefusalCode::conflict;
            break;
        case 400:
            refusal.code = RefusalCode::invalid;
            break;
        default:
            break;
    }
    return refusal;
}

std::string words_of(httplib::Error error) {
    switch (error) {
        case httplib::Error::Connection:
            return "nobody listens there";
        case httplib::Error::ConnectionTimeout:
            return "nobody answered in time";
        case httplib::Error::Read:
            return "the connection ended before the whole answer, or it took too long";
        case httplib::Error::Write:
            return "the connection ended before the whole request";
        default:
            return "it failed: " + httplib::to_string(error);
    }
}

Result<std::string> take(const std::string& url, const std::string& path,
                         const httplib::Result& result) {
    if (!result) {
        return Refusal{RefusalCode::unavailable, url, "answer " + path, words_of(result.error()),
                       "see whether it still runs: offerkit dev, or the daemon's log"};
    }
    if (result->status != 200) return refused(url, path, *result);
    return result->body;
}

}  // namespace

HttpPeer::HttpPeer(std::unique_ptr<Body> body) : body_(std::move(body)) {}
HttpPeer::HttpPeer(HttpPeer&&) noexcept = default;
HttpPeer& HttpPeer::operator=(HttpPeer&&) noexcept = default;
HttpPeer::~HttpPeer() = default;

Result<HttpPeer> HttpPeer::at(const std::string& url, const std::string& token) {
    auto body = std::make_unique<Body>(url);
    if (!body->client.is_valid()) {
        return Refusal{RefusalCode::malformed, "url " + url, "connect", "is not http://HOST:PORT",
                       "give the address that the daemon printed"};
    }
    // Daemons listen on the one loopback address; another program's [::1] must not get the token.
    body->client.set_hostname_addr_map({{"localhost", "127.0.0.1"}});
    body->client.set_bearer_token_auth(token);
    body->client.set_keep_alive(true);
    body->client.set_tcp_nodelay(true);
    body->client.set_connection_timeout(std::chrono::seconds{5});
    body->client.set_read_timeout(std::chrono::seconds{30});
    return HttpPeer{std::move(body)};
}

Result<std::string> HttpPeer::get(const std::string& path, const Query& query) {
    httplib::Params params{query.begin(), query.end()};
    return take(body_->url, path, body_->client.Get(path, params, httplib::Headers{}));
}

Result<std::string> HttpPeer::post(const std::string& path, const std::string& body) {
    return take(body_->url, path, body_->client.Post(path, body, "application/json"));
}

}  // namespace offerkit::tools
