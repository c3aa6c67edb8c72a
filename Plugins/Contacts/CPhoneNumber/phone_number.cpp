#include "cphonenumber.h"

#include <phonenumbers/phonenumberutil.h>

#include <cstring>
#include <string>

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

namespace {

constexpr size_t kLongestText = 250;

template <size_t capacity>
void copy(const std::string &text, char (&target)[capacity]) {
    const size_t length = text.size() < capacity ? text.size() : 0;
    std::memcpy(target, text.data(), length);
    target[length] = 0;
}

/// Reduces a number of digits and usual separators, with at most one plus in front, to plus and digits; false for anything else.
///
/// The library finds the same number in either, but needs twice the time to find out that there is nothing but separators.
bool squeeze(const char *text, size_t length, std::string &digits) {
    for (size_t i = 0; i < length; i++) {
        const char c = text[i];
        switch (c) {
        case ' ': case '-': case '.': case '(': case ')': case '/':
            break;
        case '+':
            if (!digits.empty()) return false;
            digits.push_back(c);
            break;
        default:
            if (c < '0' || c > '9') return false;
            digits.push_back(c);
        }
    }
    return true;
}

bool is_valid(const PhoneNumberUtil &library, const PhoneNumber &number) {
    // Nearly every number belongs to the main region of its country code: asking for that one first saves finding out the region.
    std::string region;
    library.GetRegionCodeForCountryCode(number.country_code(), &region);
    return library.IsValidNumberForRegion(number, region) || library.IsValidNumber(number);
}

bool parse(const PhoneNumberUtil &library, const std::string &text, const std::string &region, PhoneNumber &number) {
    return library.Parse(text, region, &number) == PhoneNumberUtil::NO_PARSING_ERROR;
}

/// `00` in front of a country code, as most of the world dials it, where the default region dials something else.
bool parse_after_00(const PhoneNumberUtil &library, const std::string &digits, const std::string &region, PhoneNumber &number) {
    if (digits.compare(0, 2, "00") != 0) return false;
    PhoneNumber abroad;
    if (!parse(library, "+" + digits.substr(2), region, abroad) || !is_valid(library, abroad)) return false;
    number = abroad;
    return true;
}

/// The number alone, for display forms: the library appends an extension in words.
PhoneNumber without_extension(const PhoneNumber &number) {
    PhoneNumber plain;
    plain.set_country_code(number.country_code());
    plain.set_national_number(number.national_number());
    if (number.has_italian_leading_zero()) plain.set_italian_leading_zero(number.italian_leading_zero());
    if (number.has_number_of_leading_zeros()) plain.set_number_of_leading_zeros(number.number_of_leading_zeros());
    return plain;
}

void normalise(const std::string &text, const std::string &region, bool wants_display, cphone_result &result) {
    const PhoneNumberUtil &library = *PhoneNumberUtil::GetInstance();
    std::string digits;
    const bool is_plain = squeeze(text.data(), text.size(), digits);
    PhoneNumber number;
    const bool is_number = parse(library, is_plain ? digits : text, region, number);
    result.is_valid = is_number && is_valid(library, number);
    if (!result.is_valid && is_plain && parse_after_00(library, digits, region, number)) {
        result.is_valid = true;
    } else if (!is_number) {
        result.status = CPHONE_NOT_A_NUMBER;
        return;
    }
    copy(number.extension(), result.extension);
    if (!result.is_valid && library.IsPossibleNumberWithReason(number) != PhoneNumberUtil::IS_POSSIBLE) return;
    std::string form;
    library.Format(number, PhoneNumberUtil::E164, &form);
    copy(form, result.e164);
    if (!wants_display) return;
    const PhoneNumber plain = without_extension(number);
    library.Format(plain, PhoneNumberUtil::NATIONAL, &form);
    copy(form, result.national);
    library.Format(plain, PhoneNumberUtil::INTERNATIONAL, &form);
    copy(form, result.international);
}

}  // namespace

void cphone_normalise(const char *text, size_t length, const char *region, bool wants_display, cphone_result *result) {
    std::memset(result, 0, sizeof(*result));
    if (length > kLongestText) {
        result->status = CPHONE_NOT_A_NUMBER;
        return;
    }
    try {
        normalise(std::string(text, length), region, wants_display, *result);
    } catch (...) {
        std::memset(result, 0, sizeof(*result));
        result->status = CPHONE_FAULT;
    }
}

bool cphone_knows_region(const char *region) {
    try {
        return PhoneNumberUtil::GetInstance()->GetCountryCodeForRegion(region) != 0;
    } catch (...) {
        return false;
    }
}
