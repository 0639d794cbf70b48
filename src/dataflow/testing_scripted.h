// A processor of text whose behaviour a test gives with a lambda.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "thalweg/streams/processor.h"

namespace thalweg::streams {

using TestContext = ProcessorContext<std::string, std::string>;
using Does = std::function<void(TestContext&, Record<std::string, std::string>)>;

// Does what the test says with each record.
struct Scripted : Processor<std::string, std::string, std::string, std::string> {
  Scripted(Does d, std::function<void(TestContext&)> i) : does(std::move(d)), inits(std::move(i)) {}
  void init(Context& context) override {
    Processor::init(context);
    if (inits) inits(context);
  }
  void process(In record) override { does(context(), std::move(record)); }
  Does does;
  std::function<void(TestContext&)> inits;
};

inline auto scripted(Does does, std::function<void(TestContext&)> inits = {}) {
  return [=] { return std::make_unique<Scripted>(does, inits); };
}
inline void pass_on(TestContext& context, Record<std::string, std::string> record) {
  context.forward(std::move(record));
}

}  // namespace thalweg::streams
