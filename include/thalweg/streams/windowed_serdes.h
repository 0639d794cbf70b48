// Windowed keys in topics of users: the key, int64 start (WindowedSerdes.TimeWindowedSerde); of sessions the key, int64
// end, int64 start (SessionWindowedSerde). Records are spread over partitions by the key alone, as those of streams
// without windows. (WindowedStreamPartitioner)
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "thalweg/streams/detail/store_bytes.h"
#include "thalweg/streams/detail/window_math.h"

namespace thalweg::streams {

namespace detail {
// Serdes are told from one another by how their names begin.
inline constexpr std::string_view kTimeWindowed = "time windowed ", kSessionWindowed = "session windowed ";
std::unexpected<Error> not_windowed(std::string_view serde, std::size_t bytes);

}  // namespace detail

// `size`: of the windows that are read; it is not written.
template <class K>
Serde<Windowed<K>> time_windowed(milliseconds size, Serde<K> key = client::serde_of<K>()) {
  return {std::string(detail::kTimeWindowed) + std::string(key.name()),
          [key](const Windowed<K>& windowed, std::string& out, const client::SerdeContext& context) -> Result<> {
            if (auto ok = key.write(windowed.key, out, context); !ok) return ok;
            detail::append_i64(out, detail::millis(windowed.window.start));
            return {};
          },
          [key, size](std::string_view bytes, const client::SerdeContext& context) -> Result<Windowed<K>> {
            if (bytes.size() < 8) return detail::not_windowed(key.name(), bytes.size());
            auto inner = key.read(bytes.substr(0, bytes.size() - 8), context);
            if (!inner) return std::unexpected(inner.error());
            const std::int64_t start = detail::read_i64(bytes, bytes.size() - 8);
            return Windowed<K>{*std::move(inner),
                               {detail::at_millis(start), detail::at_millis(detail::later(start, size.count()))}};
          }};
}

template <class K>
Serde<Windowed<K>> session_windowed(Serde<K> key = client::serde_of<K>()) {
  return {std::string(detail::kSessionWindowed) + std::string(key.name()),
          [key](const Windowed<K>& windowed, std::string& out, const client::SerdeContext& context) -> Result<> {
            if (auto ok = key.write(windowed.key, out, context); !ok) return ok;
            detail::append_i64(out, detail::millis(windowed.window.end));
            detail::append_i64(out, detail::millis(windowed.window.start));
            return {};
          },
          [key](std::string_view bytes, const client::SerdeContext& context) -> Result<Windowed<K>> {
            if (bytes.size() < 16) return detail::not_windowed(key.name(), bytes.size());
            const std::size_t at = bytes.size() - 16;
            auto inner = key.read(bytes.substr(0, at), context);
            if (!inner) return std::unexpected(inner.error());
            return Windowed<K>{
                *std::move(inner),
                {detail::at_millis(detail::read_i64(bytes, at + 8)), detail::at_millis(detail::read_i64(bytes, at))}};
          }};
}

}  // namespace thalweg::streams
