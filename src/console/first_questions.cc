#include "console/first_questions.h"

#include <algorithm>

namespace thalweg::console {
namespace {
constexpr std::string_view kApi = "/api/v1";
}

std::vector<std::string> first_questions(std::string_view target) {
  // A screen's path, "X" being any name, and what it asks, "X" being that name. The script asks by the same addresses.
  struct Screen {
    std::string_view path;
    std::vector<std::string_view> questions;
  };
  static const std::vector<Screen> kScreens{
      {"/", {"/brokers", "/attention", "/quorum"}},
      {"/topics", {"/topics?show=all&from=0&limit=100"}},
      // Not its records: to read them may take longer than a page may wait.
      {"/topics/X", {"/topics/X", "/topics/X/config"}},
      {"/groups", {"/groups?from=0&limit=100"}},
      {"/groups/X", {"/groups/X", "/groups/X/partitions?sort=-lag&from=0&limit=100"}},
      {"/brokers", {"/brokers", "/quorum"}},
      {"/brokers/X", {"/brokers/X", "/brokers/X/directories"}},
  };
  const auto end = target.find('/', 1);
  const std::string_view first = target.substr(0, end);
  std::string_view name = end == target.npos ? std::string_view() : target.substr(end + 1);
  name = name.substr(0, name.find('/'));
  const std::string path = std::string(first) + (name.empty() ? "" : "/X");
  std::vector<std::string> questions{std::string(kApi) + "/session", std::string(kApi) + "/cluster"};
  const auto screen = std::ranges::find(kScreens, std::string_view(path), &Screen::path);
  // With a query of its own the screen asks other things.
  if (screen == kScreens.end() || target.contains('?')) return questions;
  for (const auto question : screen->questions) {
    std::string address = std::string(kApi) + std::string(question);
    if (const auto place = address.find("/X"); place != address.npos) address.replace(place + 1, 1, name);
    questions.push_back(std::move(address));
  }
  return questions;
}

std::string within_script(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  // Only in strings of JSON can there be one, and there this says the same; so no element can end early.
  for (const char c : json)
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  return out;
}

}  // namespace thalweg::console
