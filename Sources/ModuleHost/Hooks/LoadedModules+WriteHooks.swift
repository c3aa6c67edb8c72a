package import Catalog
import QueryLanguage
package import Records
import TesseraKit

extension LoadedModules: WriteHooks {
    package func beforeWrite(
        recordType: String, choices: [String: [Choice]], images: [HookImage], access: Access
    ) async throws -> [HookResult] {
        let hooks = hooks(on: recordType)
        var batch = try HookBatch(recordType: recordType, images: images, hooks: hooks)
        let options = choices.mapValues { $0.map(ChoiceOption.init) }
        for owned in hooks {
            let records = batch.records(for: owned)
            guard !records.isEmpty else { continue }
            let call = WriteCall(
                recordType: recordType, actor: Guid(access.principal), onBehalfOf: access.onBehalfOf.map { Guid($0) },
                channel: access.channel.rawValue, choices: options.filter { owned.names($0.key) })
            let patches: [RecordPatch]
            do {
                patches = try await owned.hook.handler(records, call)
            } catch let error as CancellationError {
                throw error
            } catch {
                throw HookBatch.fault(
                    in: owned, "failed: \(ModuleLoader.reason(error)) Nothing was written. The module's makers have to mend that.")
            }
            try batch.apply(patches, of: owned, to: records)
        }
        return batch.results
    }

    package func normalisePhones(_ numbers: [String]) throws -> [NormalisedPhone] {
        guard let phoneNormalizer else { return try NoHooks().normalisePhones(numbers) }
        let phones: [NormalizedPhone]
        do {
            phones = try phoneNormalizer.normalize(numbers.map { PhoneText($0) })
        } catch {
            throw RecordsError(
                .moduleFailed, "The phone normaliser of the module '\(phoneNormalizer.module)' failed: \(ModuleLoader.reason(error))")
        }
        guard phones.count == numbers.count else {
            throw RecordsError(
                .moduleFailed,
                "The phone normaliser of the module '\(phoneNormalizer.module)' answered \(phones.count) times to \(numbers.count) numbers."
            )
        }
        return try zip(numbers, phones).map { number, phone in
            if let e164 = phone.e164 { return NormalisedPhone(normalised: e164, extension: phone.extension, isValid: phone.isValid) }
            // What is no number still matches by its letters and digits.
            let folded = try NoHooks().normalisePhones([number]).first?.normalised ?? number
            return NormalisedPhone(normalised: folded, extension: phone.extension, isValid: false)
        }
    }
}

extension ChoiceOption {
    fileprivate init(_ choice: Choice) {
        self.init(key: choice.key, label: choice.label, category: choice.category, isRetired: choice.retired)
    }
}
