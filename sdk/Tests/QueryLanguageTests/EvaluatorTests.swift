import QueryLanguage
import Testing

@Suite("Evaluator")
struct EvaluatorTests {
    @Test(
        "answers for a record what docs/query-language.md says",
        arguments: [
            // Comparison and null.
            ("last_name eq 'Lovelace'", "true"), ("age gt 35", "true"), ("age ge 36.0", "true"), ("score eq 7.5", "true"),
            ("score lt age", "true"),
            ("active", "true"), ("active gt false", "true"), ("bonus eq null", "true"), ("bonus eq 5", "false"), ("bonus ne 5", "true"),
            ("bonus gt 5", "false"), ("bonus le 5", "false"), ("not (bonus gt 5)", "true"), ("null eq null", "true"),
            ("null ne null", "false"),
            ("null gt null", "false"), ("null ge null", "false"), ("bonus eq bonus", "true"), ("bonus ne bonus", "false"),
            ("organisation ne null", "true"),
            ("organisation/parent eq null", "true"), ("organisation/parent/name eq null", "true"),
            ("organisation/parent/name eq 'x'", "false"),
            ("id eq 00000000-0000-0001-0000-000000000002", "true"), ("wakes_at lt 07:00", "true"),
            // Three values.
            ("null and false", "false"), ("null and true", "null"), ("null or true", "true"), ("null or false", "null"),
            ("not null", "null"),
            ("startswith(bonus_currency,'x') and active", "null"), ("startswith(bonus_currency,'x') or active", "true"),
            ("startswith(bonus_currency,'x') and not active", "false"), ("not startswith(bonus_currency,'x')", "null"),
            // Lists.
            ("age in (1,36)", "true"), ("age in (1,36.0)", "true"), ("age in ()", "false"), ("bonus in (1,2)", "false"),
            ("bonus in (1,null)", "true"),
            ("null in (null)", "true"), ("'maths' in tags", "true"), ("'law' in tags", "false"), ("age in numbers", "false"),
            ("not age in (1)", "true"),
            // Collections.
            ("tags/any(t:t eq 'poetry')", "true"), ("tags/all(t:t eq 'poetry')", "false"), ("reports/any()", "false"),
            ("reports/all(r:false)", "true"),
            ("tags/any()", "true"), ("emails/any(e:e/kind eq null)", "true"), ("emails/all(e:contains(e/kind,'o'))", "false"),
            ("emails/any(e:contains(e/kind,'x'))", "false"), ("emails/$count", "2"), ("emails/$count(filter=is_primary)", "1"),
            ("tags/$count(filter=startswith($this,'m'))", "1"), ("organisation/people/any(p:p/age gt age)", "true"),
            ("organisation/people/any(p:p/age lt $it/age)", "false"), ("numbers/any(n:n add age eq 41)", "true"),
            ("subject/contacts.organisation/name", "'Royal Society'"), ("subject/contacts.person/last_name", "null"),
            // Mail addresses and phone numbers.
            ("primary_email", "'Ada@example.org'"), ("primary_email eq 'aDA@Example.ORG'", "true"),
            ("primary_email ne 'ada@example.org'", "false"),
            ("primary_email eq ' ada@example.org '", "true"), ("primary_email eq 'ada@home.example'", "false"),
            ("primary_email eq null", "false"),
            ("primary_email in ('x','ADA@example.org')", "true"), ("primary_email in ('x',null)", "false"),
            ("startswith(primary_email,'ADA')", "true"), ("contains(primary_email,'HOME')", "false"),
            ("emails/any(e:e/address eq 'ADA@home.Example')", "true"), ("emails/any(e:e/address eq primary_email)", "true"),
            ("emails/all(e:e/address ne 'ADA@home.Example')", "false"), ("primary_email eq first_name", "false"),
            ("primary_email eq concat('ADA','@example.org')", "true"), ("length(primary_email)", "15"),
            ("primary_phone eq '(44) 20-79460958'", "true"), ("primary_phone ne '+44 20 7946 0958'", "false"),
            ("primary_phone in ('1','+44 2079 460958')", "true"), ("phones/any(p:p/number eq '+44 2079 460958')", "true"),
            ("phones/any(p:p/number eq primary_phone)", "true"), ("startswith(primary_phone,'+44 20')", "true"),
            // Arithmetic.
            ("age add 4 mul 2", "44"), ("(age add 4) mul 2", "80"), ("7 div 2", "3"), ("-7 div 2", "-3"),
            ("7 divby 2", "3.5000000000000000"),
            ("-7 mod 2", "-1"), ("7.5 mod 2", "1.5"), ("age div (age sub 36)", "null"), ("age mod (age sub 36)", "null"),
            ("score divby (score sub score)", "null"), ("9223372036854775807 add age", "null"), ("-(age)", "-36"), ("score mul 2", "15.00"),
            ("score add 1", "8.50"), ("score div 3", "2.5000000000000000"), ("age add bonus", "null"), ("1.5 sub 1.50", "0.00"),
            // Strings.
            ("length('naïve')", "5"), ("length('e\u{301}')", "1"), ("length('🇳🇴')", "2"), ("indexof(last_name,'lace')", "4"),
            ("indexof('äöü','ü')", "2"),
            ("indexof('abc','x')", "-1"), ("indexof('abc','')", "0"), ("contains('abc','')", "true"), ("contains('','a')", "false"),
            ("startswith('abc','abcd')", "false"), ("endswith('abc','bc')", "true"), ("endswith('bc','abc')", "false"),
            ("endswith('abc','')", "true"),
            ("substring('naïve',2)", "'ïve'"), ("substring('naïve',2,1)", "'ï'"), ("substring('abc',3)", "''"),
            ("substring('abc',9)", "''"),
            ("substring('abc',-2)", "'bc'"), ("substring('abc',-9)", "'abc'"), ("substring('abc',-2,1)", "'b'"),
            ("substring('abc',1,0)", "''"),
            ("substring('abc',1,age sub 40)", "''"), ("substring('abc',9223372036854775807,9223372036854775807)", "''"),
            ("substring('abc',-9223372036854775808)", "'abc'"), ("tolower('ÄÖÜ ẞß İ')", "'äöü ßß İ'"), ("toupper('äöü ß ﬁ')", "'ÄÖÜ ß ﬁ'"),
            ("trim('\u{3000} a b\u{A0}')", "'a b'"), ("trim('  ')", "''"), ("concat('a',concat('b','c'))", "'abc'"),
            ("concat('a',bonus_currency)", "null"),
            ("'ä' gt 'z'", "true"), ("'Z' lt 'a'", "true"), ("'a' lt 'ab'", "true"), ("'\u{FF5E}' lt '\u{1F600}'", "true"),
            // Dates and times.
            ("year(birthday)", "1815"), ("month(birthday)", "12"), ("day(birthday)", "10"), ("hour(created_at)", "23"),
            ("hour(2024-02-29T23:30:00+02:00)", "23"), ("day(2024-02-29T23:30:00-02:00)", "29"),
            ("date(2024-03-01T00:30:00+01:00)", "2024-03-01"),
            ("time(created_at)", "23:30:00.5"), ("date(created_at)", "2024-02-29"), ("minute(wakes_at)", "30"), ("second(wakes_at)", "15"),
            ("fractionalseconds(wakes_at)", "0.250000"), ("fractionalseconds(created_at)", "0.500000"),
            ("totaloffsetminutes(created_at)", "0"),
            ("totaloffsetminutes(2024-02-29T23:30:00-02:30)", "-150"), ("totalseconds(patience)", "93600.000000"),
            ("now()", "2025-01-01T00:00:00Z"),
            ("mindatetime()", "0001-01-01T00:00:00Z"), ("maxdatetime()", "9999-12-31T23:59:59.999999Z"),
            ("birthday add duration'P30D'", "1816-01-09"), ("birthday add duration'PT23H59M'", "1815-12-10"),
            ("birthday sub duration'PT1S'", "1815-12-09"),
            ("birthday sub 1815-12-01", "duration'P9D'"), ("created_at add duration'PT30M'", "2024-03-01T00:00:00.5Z"),
            ("created_at sub 2024-02-29T00:00:00Z", "duration'PT23H30M0.5S'"), ("patience mul 1.5", "duration'P1DT15H'"),
            ("patience div 7", "duration'PT3H42M51.428571S'"), ("duration'PT0.000001S' div 2", "duration'PT0.000001S'"),
            ("-patience", "duration'-P1DT2H'"), ("patience add patience", "duration'P2DT4H'"), ("patience div (age sub 36)", "null"),
            ("birthday add duration'P9999999D'", "null"), ("2024-02-29T23:30:00+02:00 eq 2024-02-29T21:30:00Z", "true"),
            // Numbers.
            ("round(2.5)", "3"), ("round(-2.5)", "-3"), ("round(2.49)", "2"), ("floor(-2.1)", "-3"), ("ceiling(-2.9)", "-2"),
            ("ceiling(2.1)", "3"),
            ("floor(7.00)", "7"), ("round(age)", "36"),
            // Categories.
            ("lifecycle/category", "'won'"), ("lifecycle/category eq 'won'", "true"), ("lifecycle/category eq 'open'", "false"),
            ("'open' ne lifecycle/category", "true"), ("lifecycle/category in ('open','won')", "true"),
            ("lifecycle/category in ('open',null)", "false"), ("interests/all(i:i/category eq 'body')", "false"),
            ("interests/any(i:i/category eq null)", "true"), ("concat(lifecycle/category,'!')", "'won!'"),
            ("organisation/people/all(p:p/lifecycle/category eq null and p/lifecycle/category ne 'won')", "true"),
            // Members.
            ("tags has 'maths'", "true"), ("tags has 'law'", "false"), ("interests has 'food'", "true"),
            ("interests has 'music, food'", "true"),
            ("interests has 'food,sports'", "false"), ("lifecycle has 'customer'", "true"), ("not (tags has 'law')", "true"),
            // Casts.
            ("cast(age,Edm.String)", "'36'"), ("cast(score,Edm.String)", "'7.5'"), ("cast(salary,Edm.String)", "'100'"),
            ("cast(0.00,Edm.String)", "'0'"), ("cast(active,Edm.String)", "'true'"), ("cast(birthday,Edm.String)", "'1815-12-10'"),
            ("cast(wakes_at,Edm.String)", "'06:30:15.25'"), ("cast(created_at,Edm.String)", "'2024-02-29T23:30:00.5Z'"),
            ("cast(2024-03-01T00:30:00+01:00,Edm.String)", "'2024-02-29T23:30:00Z'"), ("cast(patience,Edm.String)", "'P1DT2H'"),
            ("cast(id,Edm.String)", "'00000000-0000-0001-0000-000000000002'"), ("cast(lifecycle,Edm.String)", "'customer'"),
            ("cast(bonus,Edm.String)", "null"), ("cast(score,Edm.Int64)", "8"), ("cast(-7.5,Edm.Int64)", "-8"),
            ("cast(9223372036854775807.5,Edm.Int64)", "null"), ("cast('12',Edm.Int64)", "12"), ("cast('+12',Edm.Int64)", "12"),
            ("cast('12.5',Edm.Int64)", "null"), ("cast(' 12',Edm.Int64)", "null"), ("cast('',Edm.Int64)", "null"),
            ("cast('99999999999999999999',Edm.Int64)", "null"), ("cast('-12.50',Edm.Decimal)", "-12.50"),
            ("cast('1e5',Edm.Decimal)", "null"),
            ("cast('1.',Edm.Decimal)", "null"), ("cast(last_name,Edm.Decimal)", "null"), ("cast(age,Edm.Decimal)", "36"),
            ("cast(birthday,Edm.DateTimeOffset)", "1815-12-10T00:00:00Z"), ("cast(created_at,Edm.Date)", "2024-02-29"),
            ("cast(created_at,Edm.TimeOfDay)", "23:30:00.5"), ("cast(age,Edm.Int64)", "36"),
            // Conditionals.
            ("case(age gt 40:'old',age gt 30:'fine',true:'young')", "'fine'"), ("case(bonus gt 3:1)", "null"), ("case(null:1,true:2)", "2"),
            ("case(active:1,true:2.5)", "1"),
        ])
    func answers(text: String, expected: String) throws {
        let checked = try SampleSchema.checker.check(Expression.parse(text), on: SampleSchema.person, expecting: nil)
        let evaluator = Evaluator(now: DateTime("2025-01-01T00:00:00Z"))
        #expect(evaluator.evaluate(checked, on: SampleSchema.ada).literal == expected)
    }
}
