package import Catalog
import QueryLanguage

/// A store without modules: nothing is added to writes, and phone numbers are reduced to their letters and digits.
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
            NormalisedPhone(
                normalised: Self.folded(number), extension: nil,
                isValid: number.unicodeScalars.contains { $0.properties.generalCategory == .decimalNumber })
        }
    }

    /// Digits of any script as 0 to 9, letters in lower case, and nothing between them; a text without either as it stands. `1-800-FLOWERS` and
    /// `1-800-GOFEDEX` have the same digits and are two numbers.
    private static func folded(_ number: String) -> String {
        var folded = String.UnicodeScalarView()
        for scalar in number.unicodeScalars {
            let properties = scalar.properties
            if properties.generalCategory == .decimalNumber, let value = properties.numericValue {
                folded.append(contentsOf: "\(Int(value))".unicodeScalars)
            } else if properties.isAlphabetic || properties.numericType != nil {
                folded.append(scalar)
            }
        }
        return CaseMapping.lowercased(folded.isEmpty ? number.trimmingSpaces() : String(folded))
    }
}
