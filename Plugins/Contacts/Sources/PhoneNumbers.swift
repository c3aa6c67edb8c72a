import CPhoneNumber
import TesseraKit

/// Brings phone numbers into E.164 by their countries' numbering plans (libphonenumber).
struct PhoneNumbers: Sendable {
    private let defaultRegion: String

    /// - Parameter defaultRegion: ISO 3166-1 alpha-2, assumed for numbers without country code.
    init(defaultRegion: String) throws(ModuleError) {
        guard PhoneRegions.contains(defaultRegion) else {
            throw ModuleError(
                .settingInvalid,
                "The setting 'default_region' is '\(defaultRegion)', and no country with phone numbers has this code. Use ISO 3166-1 alpha-2: US, DE, NO."
            )
        }
        self.defaultRegion = defaultRegion
    }

    /// Reads one number. What is no phone number comes back as not valid; only a failing library throws.
    func normalized(_ phone: PhoneText) throws(ModuleError) -> NormalizedPhone {
        var result = cphone_result()
        var text = phone.text
        text.withUTF8 { bytes in
            // SAFETY: the call reads `bytes.count` bytes and keeps no pointer; without bytes it reads none.
            bytes.withMemoryRebound(to: CChar.self) { characters in
                cphone_normalise(characters.baseAddress, characters.count, phone.region ?? defaultRegion, phone.wantsDisplay, &result)
            }
        }
        switch result.status {
        case CPHONE_NUMBER: return NormalizedPhone(result)
        case CPHONE_NOT_A_NUMBER: return NormalizedPhone(e164: nil, isValid: false)
        default: throw ModuleError(.unavailable, "libphonenumber failed; the server is probably out of memory.")
        }
    }
}

extension NormalizedPhone {
    fileprivate init(_ result: cphone_result) {
        let national = Self.text(result.national)
        let international = Self.text(result.international)
        var display: Display?
        if let national, let international { display = Display(national: national, international: international) }
        self.init(e164: Self.text(result.e164), extension: Self.text(result.extension), isValid: result.is_valid, display: display)
    }

    /// The text in an array of C characters, nil when it is empty.
    private static func text<Characters>(_ characters: Characters) -> String? {
        withUnsafeBytes(of: characters) { bytes in
            // SAFETY: the bytes are a value's own and are only read in here; the text ends at the first zero.
            let text = bytes.prefix { $0 != 0 }
            return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
        }
    }
}
