#include "base/base64.h"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(Base64, PadsToFourDigits) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xfb\xff\xfe"), "+//+");
}

TEST(Base64, IsReadBack) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(decode_base64(base64(bytes)), bytes);
    bytes += char(i * 7);
  }
  for (const auto* text : {"Zg=", "Z", "Zg", "Z_==", "====", "Zm8=Zg=="})
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace thalweg
