#include "thalweg/streams/detail/node.h"

namespace thalweg::streams::detail {

void judge(TaskRuntime& runtime, const std::string& node) {
  Error error;
  try {
    throw;
  } catch (const NodeFailure&) {
    throw;
  } catch (const StoreFailure&) {
    throw;
  } catch (const Failed& e) {
    error = e.error;
  } catch (const std::exception& e) {
    error.message = e.what();
  } catch (...) {
    error.message = "threw what is not a std::exception";
  }
  if (runtime.resume(node, error)) return;
  error.message = node + ": " + error.message;
  throw NodeFailure(node, std::move(error));
}

}  // namespace thalweg::streams::detail
