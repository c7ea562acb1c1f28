// SPDX-License-Identifier: Apache-2.0

#include "sandbox.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace offerkit::tools {

Result<void> SandboxReader::learn_agents() {
    if (!master_) {
        Result<HttpPeer> peer = HttpPeer::at(access_.http, access_.token);
        if (!peer) return std::move(peer).error();
        master_.emplace(std::move(peer).value());
    }
    const Result<std::string> body = master_->get("/v1/agents");
    if (!body) return body.error();
    const auto json = nlohmann::json::parse(*body, nullptr, false);
    if (!json.is_object() || !json.contains("agents")) {
        return Refusal{RefusalCode::malformed, access_.http, "list agents",
                       "the answer is not understood", "use a tool of the master's version"};
    }
    urls_.clear();
    for (const auto& agent : json["agents"]) {
        const Result<AgentId> id = parse_id<AgentTag>(agent.value("id", ""));
        if (!id) continue;
        urls_[*id] =
            "http://" + agent.value("hostname", "") + ":" + std::to_string(agent.value("port", 0));
    }
    return {};
}

Result<HttpPeer*> SandboxReader::peer_of(AgentId agent) {
    if (const auto known = peers_.find(agent); known != peers_.end()) return &known->second;
    if (!urls_.contains(agent)) {
        if (Result<void> learnt = learn_agents(); !learnt) return std::move(learnt).error();
    }
    const auto url = urls_.find(agent);
    if (url == urls_.end()) {
        return Refusal{RefusalCode::not_found, "agent " + format_id(agent), "read a sandbox",
                       "the master does not list it any more", "look on that machine"};
    }
    Result<HttpPeer> peer = HttpPeer::at(url->second, access_.token);
    if (!peer) return std::move(peer).error();
    return &peers_.emplace(agent, std::move(peer).value()).first->second;
}

Result<std::string> SandboxReader::read(const SandboxFile& file, std::uint64_t offset) {
    Result<HttpPeer*> peer = peer_of(file.agent);
    if (!peer) return std::move(peer).error();
    Result<std::string> piece = (*peer)->get("/v1/files", {{"path", file.sandbox + "/" + file.name},
                                                           {"offset", std::to_string(offset)}});
    if (!piece && piece.error().code == RefusalCode::unavailable) {
        peers_.erase(file.agent);  // It may start again elsewhere.
        urls_.erase(file.agent);
    }
    return piece;
}

Result<void> SandboxReader::read_all(const SandboxFile& file,
                                     const std::function<void(const std::string&)>& take) {
    std::uint64_t offset = 0;
    while (true) {
        const Result<std::string> piece = read(file, offset);
        if (!piece) return piece.error();
        if (piece->empty()) return {};
        take(*piece);
        offset += piece->size();
    }
}

}  // namespace offerkit::tools
