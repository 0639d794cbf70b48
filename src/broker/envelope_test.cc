#include "broker/envelope.h"

#include <gtest/gtest.h>

#include "broker/client_address.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/default_principal_data.h"

namespace thalweg::broker {
namespace {

protocol::CreateTopicsRequest create(const std::string& name) {
  protocol::CreateTopicsRequest request;
  request.topics.emplace_back().name = name;
  return request;
}

const ForwardedFrom kAlice{.principal = "User:alice", .client_host = "192.0.2.7", .client_id = "tool"};

protocol::EnvelopeRequest good() { return put_in_envelope(create("orders"), 7, kAlice).value(); }

TEST(Envelope, CarriesARequestAndWhoAsked) {
  const auto inside = open_envelope(good());
  ASSERT_TRUE(inside);
  EXPECT_EQ(inside->api->key, protocol::ApiKey::kCreateTopics);
  EXPECT_EQ(inside->version, 7);
  EXPECT_EQ(inside->from.principal, "User:alice");
  EXPECT_EQ(inside->from.client_host, "192.0.2.7");
  EXPECT_EQ(inside->from.client_id, "tool");
  protocol::Reader reader(inside->body);
  EXPECT_EQ(protocol::CreateTopicsRequest::decode(reader, 7).value(), create("orders"));
}

TEST(Envelope, EveryVersionOfARequestTravels) {
  for (std::int16_t version = protocol::CreateTopicsRequest::kMinVersion;
       version <= protocol::CreateTopicsRequest::kMaxVersion; ++version) {
    const auto envelope = put_in_envelope(create("orders"), version, kAlice);
    ASSERT_TRUE(envelope);
    const auto inside = open_envelope(*envelope);
    ASSERT_TRUE(inside) << version;
    protocol::Reader reader(inside->body);
    EXPECT_EQ(protocol::CreateTopicsRequest::decode(reader, version)->topics[0].name, "orders") << version;
  }
}

TEST(Envelope, ThePrincipalIsInKafkasForm) {
  const auto bytes = good().request_principal.value();
  protocol::Reader reader(bytes);
  std::int16_t version = -1;
  reader.read(version);
  EXPECT_EQ(version, 0);
  const auto data = protocol::DefaultPrincipalData::decode(reader, version);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->type, "User");
  EXPECT_EQ(data->name, "alice");
}

TEST(Envelope, AddressesTravelAsBytes) {
  for (const std::string host : {"192.0.2.7", "2001:db8::7", "::1"}) {
    const auto bytes = address_to_bytes(host);
    EXPECT_EQ(bytes.size(), host.find(':') == host.npos ? 4u : 16u);
    EXPECT_EQ(address_from_bytes(bytes), host);
  }
  EXPECT_EQ(address_from_bytes(address_to_bytes("fe80::1%eth0")), "fe80::1");
  EXPECT_EQ(address_from_bytes(address_to_bytes("a-name")), "0.0.0.0");
  for (const std::size_t size : {0u, 3u, 5u, 15u, 17u})
    EXPECT_EQ(address_from_bytes(std::vector<std::byte>(size)).error().code, ErrorCode::kInvalidRequest) << size;
}

ErrorCode refusal(const protocol::EnvelopeRequest& envelope) {
  const auto inside = open_envelope(envelope);
  return inside ? ErrorCode::kNone : inside.error().code;
}

TEST(Envelope, AnEnvelopeInAnEnvelopeIsRefused) {
  EXPECT_EQ(refusal(put_in_envelope(good(), 0, kAlice).value()), ErrorCode::kInvalidRequest);
}

TEST(Envelope, WhatBrokersDoNotForwardIsRefused) {
  auto envelope = good();
  for (const auto& api : protocol::all_apis()) {
    protocol::Writer writer;
    protocol::RequestHeader{.request_api_key = static_cast<std::int16_t>(api.key),
                            .request_api_version = api.max_version}
        .encode(writer, protocol::request_header_version(api.key, api.max_version));
    envelope.request_data = writer.take_bytes();
    EXPECT_EQ(refusal(envelope), is_forwardable(api.key) ? ErrorCode::kNone : ErrorCode::kInvalidRequest) << api.name;
  }
}

TEST(Envelope, ALargeRequestIsRefusedAtBothEnds) {
  auto envelope = good();
  envelope.request_data = SharedBytes::take(std::vector<std::byte>(kEnvelopeMax + 1));
  EXPECT_EQ(refusal(envelope), ErrorCode::kInvalidRequest);
  protocol::CreateTopicsRequest large = create("orders");
  large.topics[0].configs.resize(1200, {"option", std::string(30'000, 'x')});
  EXPECT_EQ(put_in_envelope(large, 7, kAlice).error().code, ErrorCode::kInvalidRequest);
}

TEST(Envelope, APrincipalThatCannotBeReadIsRefused) {
  auto envelope = good();
  envelope.request_principal.reset();
  EXPECT_EQ(refusal(envelope), ErrorCode::kPrincipalDeserializationFailure);
  const auto principal = good().request_principal.value();
  for (std::size_t cut = 0; cut < principal.size(); ++cut) {
    envelope.request_principal = principal.slice(0, cut);
    EXPECT_EQ(refusal(envelope), ErrorCode::kPrincipalDeserializationFailure) << cut;
  }
  envelope.request_principal = SharedBytes::take(std::vector<std::byte>(kPrincipalMax + 1));
  EXPECT_EQ(refusal(envelope), ErrorCode::kPrincipalDeserializationFailure);
}

TEST(Envelope, ARequestThatCannotBeReadIsToldApart) {
  auto envelope = good();
  envelope.request_data = SharedBytes::copy_of(std::string_view("\0\x13", 2));
  EXPECT_EQ(refusal(envelope), ErrorCode::kUnsupportedVersion);
  envelope.request_data = SharedBytes::copy_of(std::string_view("\0\x13\0\x7f\0\0\0\0", 8));
  EXPECT_EQ(refusal(envelope), ErrorCode::kUnsupportedVersion) << "a version from the future";
  envelope.request_data = SharedBytes::copy_of(std::string_view("\x7f\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(refusal(envelope), ErrorCode::kUnsupportedVersion) << "an API from the future";
}

TEST(Envelope, AnErrorOfTheEnvelopeIsAnErrorOfAsking) {
  protocol::EnvelopeResponse answer;
  answer.error_code = ErrorCode::kNotController;
  EXPECT_EQ(response_in_envelope<protocol::CreateTopicsResponse>(answer, 7).error().code, ErrorCode::kNotController);
  answer.error_code = ErrorCode::kNone;
  EXPECT_EQ(response_in_envelope<protocol::CreateTopicsResponse>(answer, 7).error().code, ErrorCode::kCorruptMessage);
}

}  // namespace
}  // namespace thalweg::broker
