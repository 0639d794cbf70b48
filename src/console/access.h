// Who may use the console (console.auth). `none`: everybody is User:ANONYMOUS, as on a PLAINTEXT listener. `token`: who
// knows the token of the server's log, as a browser with a session's cookie or a script with "Authorization: Bearer".
// `auto`: none where every address is a loopback, token else.
//
// Owner: shard 0.
#pragma once

#include <memory>
#include <string>

#include "broker/context.h"
#include "config/broker_config.h"
#include "console/api_types.h"
#include "console/sessions.h"
#include "console/sign_in_limit.h"
#include "runtime/shard.h"

namespace thalweg::console {

// Whether everybody who reaches the listener is on this machine.
bool is_loopback(std::string_view host);
// What the configuration comes to.
SignInWay sign_in_way(const config::BrokerConfig& config);

class Access {
 public:
  using Client = std::shared_ptr<const broker::ClientInfo>;

  // `token` is empty where nobody signs in.
  Access(const Shard& shard, SignInWay way, bool is_read_only);

  // Before anybody asks.
  void set_token(std::string token) { token_ = std::move(token); }
  const std::string& token() const { return token_; }
  SignInWay way() const { return way_; }
  bool is_read_only() const { return is_read_only_; }

  // Who asks. 401: nobody whom we know; 429: too many wrong tokens from there.
  Outcome<Client> who(const http::Request& request);
  // 403 for what would change the cluster, where the console only reads.
  Outcome<> check_write(const http::Request& request) const;
  struct SignedIn {
    Client client;
    std::string cookie;  // the Set-Cookie of a new session
  };
  // 401, 429. REQUIRES: way() is not none
  Outcome<SignedIn> sign_in(const http::Request& request, const SignIn& given);
  // The Set-Cookie that ends it.
  std::string sign_out(const http::Request& request);

 private:
  Outcome<> listen_to(const http::Request& request) const;
  Outcome<> check_token(const http::Request& request, std::string_view given);
  Outcome<std::string> principal_of(const http::Request& request);

  const Shard& shard_;
  const SignInWay way_;
  const bool is_read_only_;
  std::string token_;
  Sessions sessions_;
  SignInLimit limit_;
};

}  // namespace thalweg::console
