package import Catalog

/// A store without modules: nothing is added to writes, and phone numbers are reduced to their digits.
package struct NoHooks: WriteHooks {
    package init() {}

    package func interest(in recordType: String) -> HookInterest? { nil }

    package func beforeWrite(
        recordType: String, choices: [String: [Choice]], images: [HookImage], access: Access
    ) async throws -> [HookResult] {
        images.map { _ in .patch([:]) }
    }

    package func normalisePhones(_ numbers: [String]) throws -> [NormalisedPhone] {
        numbers.map { number in
            let digits = number.utf8.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            return NormalisedPhone(normalised: String(decoding: digits, as: UTF8.self), extension: nil, isValid: !digits.isEmpty)
        }
    }
}
