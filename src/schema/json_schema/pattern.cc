#include "schema/json_schema/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace thalweg::schema::json_schema {
namespace {

constexpr std::size_t kPatternMax = 4096;    // bytes
constexpr std::uint32_t kStepsMax = 10'000;  // of one match
constexpr std::uint32_t kHeapMaxKiB = 256;

}  // namespace

Pattern::Pattern(std::string_view text) {
  if (text.size() > kPatternMax) return;
  int error = 0;
  PCRE2_SIZE at = 0;
  auto* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), PCRE2_UTF, &error, &at, nullptr);
  if (code) code_ = std::shared_ptr<void>(code, [](void* c) { pcre2_code_free(static_cast<pcre2_code*>(c)); });
}

bool Pattern::finds(std::string_view name) const {
  if (!code_) return false;
  const std::unique_ptr<pcre2_match_context, void (*)(pcre2_match_context*)> limits(pcre2_match_context_create(nullptr),
                                                                                    pcre2_match_context_free);
  pcre2_set_match_limit(limits.get(), kStepsMax);
  pcre2_set_depth_limit(limits.get(), kStepsMax);
  pcre2_set_heap_limit(limits.get(), kHeapMaxKiB);
  const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> data(pcre2_match_data_create(1, nullptr),
                                                                            pcre2_match_data_free);
  const auto* code = static_cast<const pcre2_code*>(code_.get());
  return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0, data.get(), limits.get()) >= 0;
}

}  // namespace thalweg::schema::json_schema
