// Who has signed in with a browser: in memory alone, so a restart signs everybody out. An id is 256 random bits, which
// nobody guesses; it comes back in a cookie.
//
// Bounds: 12 h without a request, 7 days in all, 1,000 at a time; one more drops the one that was idle longest. Owner:
// one shard.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "runtime/random.h"

namespace thalweg::console {

class Sessions {
 public:
  static constexpr Instant kIdleMax = std::chrono::hours(12);
  static constexpr Instant kAgeMax = std::chrono::hours(7 * 24);
  static constexpr std::size_t kMax = 1000;

  explicit Sessions(Random& random) : random_(random) {}

  // The new session's id: 64 hexadecimal digits.
  std::string open(std::string principal, Instant now);
  // The principal; nothing when there is no such session, or not any more. It counts as used.
  std::optional<std::string> find(std::string_view id, Instant now);
  void close(std::string_view id);
  std::size_t size() const { return sessions_.size(); }

 private:
  struct Session {
    std::string principal;
    Instant opened, used;
  };
  static bool is_over(const Session& session, Instant now);
  void make_room(Instant now);

  Random& random_;
  std::map<std::string, Session, std::less<>> sessions_;
};

}  // namespace thalweg::console
