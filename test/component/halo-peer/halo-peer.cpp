// SPDX-License-Identifier: Apache-2.0
// A peer for an agent's HALO interface, made of the reference implementation of Cap'n Proto.
//
//   halo-peer ADDRESS:PORT                     calls from standard input, all in flight at once
//   halo-peer ADDRESS:PORT COUNT IN_FLIGHT     so many monitors of a kind that is not there, timed
//
// A call is a line of fields that tabs separate: ID KIND OPERATION [KEY=VALUE]..., where OPERATION is a
// number or "unknown" for a method that HALO does not have, and a VALUE of @N stands for N letters. Each
// answer is a line when it comes: ID and ok, failed CODE TEXT, err TEXT or exception TEXT.
#include <capnp/ez-rpc.h>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>
#include "halo.capnp.h"

static std::vector<std::string> fieldsOf(const std::string& line) {
  std::vector<std::string> fields(1);
  for (char c : line) {
    if (c == '\t') fields.emplace_back();
    else fields.back() += c;
  }
  return fields;
}

static std::string oneLine(kj::StringPtr text) {
  std::string line;
  for (char c : text) line += c == '\n' ? std::string("\\n") : std::string(1, c);
  return line;
}

static void say(const std::string& id, const std::string& text) {
  std::cout << id << "\t" << text << std::endl;
}

static void fill(OcfResourceAgent::OperationParams::Builder params,
                 const std::vector<std::string>& fields) {
  params.setResource(fields[1]);
  params.setOp(static_cast<Operation>(std::stoi(fields[2])));
  auto args = params.initArgs(fields.size() - 3);
  for (size_t i = 3; i < fields.size(); i++) {
    size_t split = fields[i].find('=');
    std::string value = fields[i].substr(split + 1);
    if (value[0] == '@') value = std::string(std::stoi(value.substr(1)), 'x');
    args[i - 3].setKey(fields[i].substr(0, split));
    args[i - 3].setValue(value);
  }
}

static void sayResult(const std::string& id, Result::Reader result) {
  if (result.isErr()) return say(id, "err\t" + oneLine(result.getErr()));
  auto inner = result.getOk();
  if (inner.isInnerOk()) return say(id, "ok");
  auto error = inner.getInnerErr();
  say(id, "failed\t" + std::to_string(error.getCode()) + "\t" + oneLine(error.getMessage()));
}

static kj::Promise<void> ask(OcfResourceAgent::Client agent, const std::vector<std::string>& fields) {
  std::string id = fields[0];
  if (fields[2] == "unknown") {
    return agent.unknownRequest().send().then([id](auto&&) { say(id, "ok"); });
  }
  auto request = agent.operationRequest();
  fill(request, fields);
  return request.send().then([id](auto&& response) { sayResult(id, response.getResult()); });
}

static kj::Promise<void> call(OcfResourceAgent::Client agent, const std::vector<std::string>& fields) {
  return ask(agent, fields).catch_([id = fields[0]](kj::Exception&& e) {
    say(id, "exception\t" + oneLine(e.getDescription()));
  });
}

static kj::Promise<void> repeat(OcfResourceAgent::Client agent, int count) {
  if (count == 0) return kj::READY_NOW;
  auto request = agent.operationRequest();
  fill(request, {"", "nobody/nothing", "0", "pool=tank", "target=/mnt/ost0"});
  return request.send().then([agent, count](auto&&) mutable {
    return repeat(kj::mv(agent), count - 1);
  });
}

static void measure(OcfResourceAgent::Client agent, int count, int inFlight, kj::WaitScope& scope) {
  repeat(agent, 500).wait(scope);
  auto begunAt = std::chrono::steady_clock::now();
  kj::Vector<kj::Promise<void>> all;
  for (int i = 0; i < inFlight; i++) all.add(repeat(agent, count / inFlight));
  kj::joinPromises(all.releaseAsArray()).wait(scope);
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - begunAt;
  std::cout << static_cast<long>(count / took.count()) << std::endl;
}

int main(int argc, char** argv) {
  capnp::EzRpcClient client(argv[1]);
  auto agent = client.getMain<OcfResourceAgent>();
  auto& scope = client.getWaitScope();
  if (argc > 3) {
    measure(agent, std::atoi(argv[2]), std::atoi(argv[3]), scope);
    return 0;
  }
  kj::Vector<kj::Promise<void>> calls;
  std::string line;
  while (std::getline(std::cin, line)) calls.add(call(agent, fieldsOf(line)));
  kj::joinPromises(calls.releaseAsArray()).wait(scope);
  return 0;
}
