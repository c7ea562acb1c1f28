// SPDX-License-Identifier: Apache-2.0

/// The only file that names RESTinio: it costs a quarter of a minute to compile.

#include <offerkit/protocol/hello.hpp>
#include <offerkit/runtime/http_server.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <restinio/all.hpp>

#include <charconv>
#include <exception>
#include <future>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

namespace offerkit::runtime {

namespace {

struct Traits : restinio::default_single_thread_traits_t {
    using request_handler_t =
        std::function<restinio::request_handling_status_t(restinio::request_handle_t)>;
    using logger_t = restinio::null_logger_t;
    static constexpr bool use_connection_count_limiter = true;
};

using Server = restinio::http_server_t<Traits>;

std::string_view reason_of(unsigned status) {
    switch (status) {
        case 200: return "OK";
        case 202: return "Accepted";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 409: return "Conflict";
        case 413: return "Payload Too Large";
        case 503: return "Service Unavailable";
        default: return "Status";
    }
}

void answer(const restinio::request_handle_t& request, HttpResponse response) {
    auto out = request->create_response(restinio::http_status_line_t{
        restinio::http_status_code_t{static_cast<std::uint16_t>(response.status)},
        std::string(reason_of(response.status))});
    out.append_header(restinio::http_field::content_type, response.content_type);
    out.append_header(restinio::http_field::cache_control, "no-store");
    out.append_header("X-Content-Type-Options", "nosniff");
    if (!request->header().should_keep_alive()) out.connection_close();
    out.set_body(std::move(response.body)).done();
}

std::string refusal_body(std::string_view code, std::string_view why, std::string_view todo) {
    // Only our own constant texts come here: nothing needs escaping.
    std::string body = R"({"schema_version":1,"error":{"code":")";
    body.append(code).append(R"(","why":")").append(why).append(R"(","todo":")").append(todo);
    return body += "\"}}\n";
}

std::string bearer_of(const restinio::http_request_header_t& header) {
    constexpr std::string_view scheme = "Bearer ";
    const auto value = header.opt_value_of(restinio::http_field::authorization);
    if (!value || value->substr(0, scheme.size()) != scheme) return {};
    return std::string(value->substr(scheme.size()));
}

}  // namespace

struct HttpServer::Body {
    HttpServerOptions options;
    HttpHandler handler;
    asio::io_context io{1};
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
    std::unique_ptr<Server> server;
    std::thread thread;
    std::uint16_t port = 0;

    restinio::request_handling_status_t handle(const restinio::request_handle_t& request);
    std::optional<HttpRequest> parse(const restinio::request_handle_t& request) const;
};

namespace {

/// A path as it was meant. RESTinio's own takes one segment only: it refuses the slashes.
std::optional<std::string> unescape(std::string_view path) {
    std::string text;
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] != '%') {
            text += path[i];
            continue;
        }
        unsigned char byte = 0;
        const char* const first = path.data() + i + 1;
        if (path.size() - i < 3 ||
            std::from_chars(first, first + 2, byte, 16).ptr != first + 2) {
            return std::nullopt;
        }
        text += static_cast<char>(byte);
        i += 2;
    }
    return text;
}

}  // namespace

std::optional<HttpRequest> HttpServer::Body::parse(
    const restinio::request_handle_t& request) const {
    HttpRequest parsed;
    const auto& header = request->header();
    parsed.method = std::string(header.method().c_str());
    auto path = unescape(header.path());
    if (!path) return std::nullopt;
    parsed.path = std::move(*path);
    const auto query =
        restinio::try_parse_query<restinio::parse_query_traits::relaxed>(
            header.query());
    if (!query) return std::nullopt;
    for (const auto& [key, value] : *query) {
        parsed.query.insert_or_assign(std::string(key), std::string(value));
    }
    parsed.body = request->body();
    return parsed;
}

restinio::request_handling_status_t HttpServer::Body::handle(
    const restinio::request_handle_t& request) {
    auto parsed = parse(request);
    if (!parsed) {
        answer(request, {400, "application/json",
                         refusal_body("malformed", "the path or query is not well encoded",
                                      "escape it as RFC 3986 says")});
        return restinio::request_accepted();
    }
    if (const auto open = options.open_paths.find(parsed->path); open != options.open_paths.end()) {
        answer(request, open->second);
        return restinio::request_accepted();
    }
    if (!protocol::equals_in_constant_time(bearer_of(request->header()), options.token)) {
        answer(request, {401, "application/json",
                         refusal_body("unauthenticated", "no token, or a wrong one",
                                      "send the cluster's token as Authorization: Bearer TOKEN")});
        return restinio::request_accepted();
    }
    handler(*parsed, [this, request](HttpResponse response) {
        asio::post(io, [request, response = std::move(response)]() mutable {
            answer(request, std::move(response));
        });
    });
    return restinio::request_accepted();
}

HttpServer::HttpServer(std::unique_ptr<Body> body) : body_(std::move(body)) {}

HttpServer::~HttpServer() { stop(); }

std::uint16_t HttpServer::port() const { return body_->port; }

void HttpServer::post(std::function<void()> call) { asio::post(body_->io, std::move(call)); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options,
                                                      HttpHandler handler) {
    auto body = std::make_unique<Body>();
    body->options = std::move(options);
    body->handler = std::move(handler);
    const auto refuse = [&](const char* why) {
        return Refusal{RefusalCode::unavailable,
                       "http " + body->options.address + ":" + std::to_string(body->options.port),
                       "listen", why, "choose another address or port"};
    };
    // The library reports what cannot be bound by throwing: here that ends.
    try {
        Body* const raw = body.get();
        body->server = std::make_unique<Server>(
            restinio::external_io_context(body->io), [raw](auto& settings) {
                settings.address(raw->options.address)
                    .port(raw->options.port)
                    .max_parallel_connections(raw->options.connections_max)
                    .incoming_http_msg_limits(restinio::incoming_http_msg_limits_t{}
                                                  .max_body_size(raw->options.body_max)
                                                  .max_url_size(8 * 1024)
                                                  .max_field_value_size(8 * 1024)
                                                  .max_field_count(64))
                    .read_next_http_message_timelimit(std::chrono::seconds{30})
                    .handle_request_timeout(std::chrono::seconds{30})
                    .write_http_response_timelimit(std::chrono::seconds{10})
                    .acceptor_post_bind_hook([raw](asio::ip::tcp::acceptor& acceptor) {
                        raw->port = acceptor.local_endpoint().port();
                    })
                    .request_handler(
                        [raw](restinio::request_handle_t request) { return raw->handle(request); });
            });
        body->work.emplace(body->io.get_executor());
        body->server->open_sync();
        body->thread = std::thread([raw] { raw->io.run(); });
    } catch (const std::exception& error) {
        return refuse(error.what());
    }
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(body)));
}

void HttpServer::stop() {
    if (!body_->thread.joinable()) return;
    std::promise<void> closed;
    asio::post(body_->io, [this, &closed] {
        body_->server->close_sync();
        closed.set_value();
    });
    closed.get_future().wait();
    body_->work.reset();
    body_->io.stop();
    body_->thread.join();
}

}  // namespace offerkit::runtime
