// Evaluation::each, for the files of Evaluation that walk lists; and what they all do with text.
#pragma once

#include "filter/evaluation.h"
#include "filter/json_text.h"

namespace thalweg::filter {

bool contains(std::string_view text, std::string_view part);

template <class F>
void Evaluation::each(const Value& list, F visit) {
  if (list.is(Kind::kList)) {
    const auto& values = lists_[std::size_t(list.integer)];
    for (std::size_t i = 0; i < values.size() && step(); ++i)
      if (!visit(values[i])) return;
  } else if (list.is(Kind::kHeaders) && input_) {
    each_header(input_->headers, [&](const record::HeaderView& header) {
      return step() && visit(Value::of_text(Kind::kString, header.key));
    });
  } else if (list.is(Kind::kJsonList) || list.is(Kind::kJsonMap)) {
    JsonWalk walk(list.text);
    while (step() && walk.next()) {
      if (!visit(json(list.is(Kind::kJsonMap) ? walk.quoted_key() : walk.value()))) break;
      if (known_object_.at == walk.value().data()) walk.value_is_of(known_object_.size);
    }
    look_at(walk.passed());
  }
}

}  // namespace thalweg::filter
