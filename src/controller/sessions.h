// When a broker counts as gone for its silence. A session lasts as long as the controller is patient with the broker:
//
//   kept short (thalweg.broker.silence.ms) while brokers report each 160 ms, which they promise with thalweg.version 1;
//   doubled, up to broker.session.timeout.ms, when a broker that was fenced for its silence, or because its process was
//   said to be gone, reports under the same registration: it was alive all the time, on a host that stalls or behind a
//   port that refuses us. Halved after each ten minutes without that;
//   broker.session.timeout.ms for all below that level, and for a broker that is alone: nobody could take over. When a
//   second one comes, patience with the first begins then.
//
// The controller's own lateness is no silence of others. While it is quick it looks each 100 ms; when it comes later,
// what it missed is added to each last contact. Fencing too early is safe, it only costs a change of leaders.
//
// A pure value; time is an argument. Owner: the controller machine. Soft: a new controller begins anew.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

#include "base/time.h"
#include "base/types.h"

namespace thalweg::controller {

class Sessions {
 public:
  struct Times {
    Instant silence = std::chrono::milliseconds(800);       // the least patience
    Instant session_max = std::chrono::milliseconds(9000);  // the most
    Instant calm = std::chrono::minutes(10);
    Instant look = std::chrono::milliseconds(100);  // between two looks
    Instant late = std::chrono::milliseconds(50);   // from which on a look counts as late
  };
  explicit Sessions(Times times) : times_(times) {}

  // Whether brokers report quickly: patience adapts. Otherwise everybody has a whole session.
  void set_quick(bool quick) { quick_ = quick; }

  // Heard of a broker: it is unfenced, or becomes it by what is answered now. `epoch`: of its registration.
  void on_beat(BrokerId id, std::int64_t epoch, bool unfenced, Instant now);
  // An unfenced broker that has not reported here yet: a new controller was told when it was heard last.
  void on_known(BrokerId id, std::int64_t epoch, Instant heard);
  // Fenced because it was silent or said to be gone; its patience grows if it turns out to have been there.
  void on_silenced(BrokerId id);
  // Fenced or gone for another reason.
  void end(BrokerId id);
  // Told that it may go: nothing is heard of it any more.
  void on_left(BrokerId id);

  // Within its session.
  bool alive(BrokerId id, Instant now) const;
  bool tracks(BrokerId id) const;
  // Heard within its patience, fenced or not, and neither told that it may go nor said to be gone.
  bool reports(BrokerId id, Instant now) const;
  Instant patience(BrokerId id) const;
  // Whether evidence that its process is gone is acted upon. After it was wrong once only silence counts, until
  // patience is back at the least: what errs again and again must not move leaderships each time.
  bool trusts_evidence(BrokerId id) const;

  // A look: makes up for its own lateness. Then the first unfenced broker whose session is over; nothing if there is
  // none.
  std::optional<BrokerId> look(Instant now);
  // When to look again; nothing while nobody has a session.
  std::optional<Instant> next_look(Instant now);

 private:
  struct Session {
    std::int64_t epoch = -1;
    bool unfenced = false;
    bool silenced = false;  // fenced for silence, not heard since
    bool left = false;      // may go, and was not heard since
    Instant heard{};
    Instant patience{};
    Instant calm_since{};
  };
  Session& session(BrokerId id, std::int64_t epoch, Instant now);
  Instant patience(const Session& session, bool adapts) const;
  bool adapts() const;

  Times times_;
  bool quick_ = false;
  std::map<BrokerId, Session> sessions_;
  std::optional<Instant> expected_;  // the next look
};

}  // namespace thalweg::controller
