#include "cphonenumber.h"

#include <phonenumbers/phonenumberutil.h>

#include <strings.h>

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

/// Where an extension in its usual form begins, `x12`, `ext. 12` or `extension 12` with at most six digits; `length` when there is none.
size_t extension_start(const char *text, size_t length, std::string &digits) {
    size_t first = length;
    while (first > 0 && text[first - 1] >= '0' && text[first - 1] <= '9') first--;
    if (first == length || length - first > 6) return length;
    size_t label_end = first;
    if (label_end > 0 && text[label_end - 1] == ' ') label_end--;
    if (label_end > 0 && text[label_end - 1] == '.') label_end--;
    for (const char *label : {"extension", "ext", "x"}) {
        const size_t size = std::strlen(label);
        if (label_end < size || strncasecmp(text + label_end - size, label, size) != 0) continue;
        // After a slash the library takes it for a second number.
        size_t before = label_end - size;
        while (before > 0 && text[before - 1] == ' ') before--;
        if (before > 0 && text[before - 1] == '/') return length;
        digits.assign(text + first, length - first);
        return label_end - size;
    }
    return length;
}

bool is_valid(const PhoneNumberUtil &library, const PhoneNumber &number) {
    // Nearly every number belongs to the main region of its country code: asking for that one first saves finding out the region.
    std::string region;
    library.GetRegionCodeForCountryCode(number.country_code(), &region);
    return library.IsValidNumberForRegion(number, region) || library.IsValidNumber(number);
}

struct Reading {
    PhoneNumber number;
    std::string extension;
    bool is_number = false;
    bool is_valid = false;
};

Reading parse(const PhoneNumberUtil &library, const std::string &text, const std::string &region) {
    Reading reading;
    reading.is_number = library.Parse(text, region, &reading.number) == PhoneNumberUtil::NO_PARSING_ERROR;
    reading.is_valid = reading.is_number && is_valid(library, reading.number);
    reading.extension = reading.number.extension();
    return reading;
}

Reading read(const PhoneNumberUtil &library, const std::string &text, const std::string &region) {
    std::string digits, extension;
    const size_t end = extension_start(text.data(), text.size(), extension);
    if (!squeeze(text.data(), end, digits)) return parse(library, text, region);
    Reading reading = parse(library, digits, region);
    if (!reading.is_valid && digits.compare(0, 2, "00") == 0) {
        // The way most of the world dials abroad, where the assumed region has another one.
        const Reading abroad = parse(library, "+" + digits.substr(2), region);
        if (abroad.is_valid) reading = abroad;
    }
    // What is no number without its extension may be one that only the library can take apart.
    if (!reading.is_valid && end < text.size()) return parse(library, text, region);
    reading.extension = extension;
    return reading;
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
    const Reading reading = read(library, text, region);
    if (!reading.is_number) {
        result.status = CPHONE_NOT_A_NUMBER;
        return;
    }
    result.is_valid = reading.is_valid;
    copy(reading.extension, result.extension);
    if (!reading.is_valid && library.IsPossibleNumberWithReason(reading.number) != PhoneNumberUtil::IS_POSSIBLE) return;
    std::string form;
    library.Format(reading.number, PhoneNumberUtil::E164, &form);
    copy(form, result.e164);
    if (!wants_display) return;
    const PhoneNumber plain = without_extension(reading.number);
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

bool cphone_has_plan(const char *region) {
    try {
        return PhoneNumberUtil::GetInstance()->GetCountryCodeForRegion(region) != 0;
    } catch (...) {
        return false;
    }
}
