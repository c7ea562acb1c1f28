// SPDX-License-Identifier: Apache-2.0
#include <offerkit/runtime/detail/link_thread.hpp>
#include <offerkit/runtime/link.hpp>

#include <asio/ip/address.hpp>

#include <charconv>
#include <utility>

namespace offerkit::runtime {

Result<Address> parse_address(std::string_view text) {
    const auto refuse = [&](const char* why) {
        return Refusal{RefusalCode::malformed, "address " + std::string(text.substr(0, 64)),
                       "read address", why, "write HOST:PORT, say 127.0.0.1:5050"};
    };
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return refuse("it is not HOST:PORT");
    std::string_view host = text.substr(0, colon);
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size() || port == 0) {
        return refuse("the port is not a number from 1 to 65535");
    }
    const bool bracketed = host.front() == '[';
    if (bracketed) {
        if (host.size() < 3 || host.back() != ']') return refuse("the bracket is not closed");
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return refuse("an IPv6 address goes in brackets");
    }
    if (host.size() > limits::name_max) return refuse("the host name is too long");
    return Address{std::string(host), port};
}

std::string format_address(const Address& address) {
    const bool is_v6 = address.host.find(':') != std::string::npos;
    return (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

bool is_loopback(const std::string& host) {
    if (host == "localhost") return true;
    asio::error_code error;
    const auto address = asio::ip::make_address(host, error);
    return !error && address.is_loopback();
}

Links::Links(LinkOptions options)
    : thread_(std::make_unique<detail::LinkThread>(std::move(options))) {}
Links::~Links() { stop(); }

void Links::start(std::unique_ptr<LinkListener> listener) { thread_->start(std::move(listener)); }
void Links::send(std::vector<ToLink>& orders) { thread_->send(orders); }
void Links::resume_reading() { thread_->resume_reading(); }
void Links::drain(Duration at_most) { thread_->drain(at_most); }
void Links::stop() { thread_->stop(); }

}  // namespace offerkit::runtime
