#include <alloquy/segment/regular_expression.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>

using namespace alloquy::segment;
using namespace std::literals;
using alloquy::InvalidArgument;

namespace {

struct Case {
    std::string_view pattern;
    std::string_view text;
    bool found;
};

// Expected by CPython 3.11, module re: re.search(pattern, text, re.ASCII), where the pattern has \Z for $ (which is not
// before a last line feed here) and the text is decoded with each byte that is not UTF-8 as a code point of its own
// that no pattern names. The first 90 are chosen, the others random, half of them found.
// clang-format off
constexpr Case searches[]{
    {""sv, ""sv, true},
    {""sv, "a"sv, true},
    {"a"sv, "bab"sv, true},
    {"abc"sv, "ab"sv, false},
    {"^"sv, ""sv, true},
    {"$"sv, "x"sv, true},
    {"^$"sv, ""sv, true},
    {"^$"sv, "a"sv, false},
    {"^a"sv, "ba"sv, false},
    {"a$"sv, "ab"sv, false},
    {"^a|b$"sv, "cb"sv, true},
    {"a.c"sv, "abc"sv, true},
    {"a.c"sv, "a\nc"sv, false},
    {"a.c"sv, "a\303\251c"sv, true},
    {"a.c"sv, "a\360\237\231\202c"sv, true},
    {"^.$"sv, "\303\251"sv, true},
    {"^..$"sv, "\303\251"sv, false},
    {"^[\303\251]$"sv, "\303\251"sv, true},
    {"[\303\240-\303\274]"sv, "\303\251"sv, true},
    {"[^a]"sv, "\303\251"sv, true},
    {"\\d{4}-\\d{2}"sv, "op 2026-09"sv, true},
    {"\\d{4}-\\d{2}"sv, "op 226-09"sv, false},
    {"^\\d$"sv, "\331\243"sv, false},
    {"\\w"sv, "\303\251"sv, false},
    {"\\W"sv, "\303\251"sv, true},
    {"\\s"sv, "\302\240"sv, false},
    {"\\s"sv, "\013"sv, true},
    {"\\S"sv, " \t\n\r\014\013"sv, false},
    {"[\\D]"sv, "1"sv, false},
    {"[^\\s\\d]"sv, " 1"sv, false},
    {"[]a]"sv, "]"sv, true},
    {"[^]a]"sv, "]"sv, false},
    {"[a-]"sv, "-"sv, true},
    {"[-a]"sv, "-"sv, true},
    {"[\\]]"sv, "]"sv, true},
    {"[\\d-]"sv, "-"sv, true},
    {"[.]"sv, "a"sv, false},
    {"[$]"sv, "$"sv, true},
    {"[a^]"sv, "^"sv, true},
    {"a\\.b"sv, "a.b"sv, true},
    {"a\\.b"sv, "axb"sv, false},
    {"\\\\"sv, "\\"sv, true},
    {"\\{"sv, "{"sv, true},
    {"}"sv, "}"sv, true},
    {"]"sv, "]"sv, true},
    {"\\n"sv, "\n"sv, true},
    {"\\t"sv, "t"sv, false},
    {"a\\|b"sv, "a|b"sv, true},
    {"(ab)+"sv, "abab"sv, true},
    {"^(ab)+$"sv, "ababa"sv, false},
    {"^(?:ab|c)*$"sv, "abccab"sv, true},
    {"^(a|)b$"sv, "b"sv, true},
    {"()"sv, ""sv, true},
    {"(|a)+"sv, "aaa"sv, true},
    {"(a*)*"sv, "b"sv, true},
    {"^(a*)*$"sv, "b"sv, false},
    {"^(a*)+b$"sv, "aab"sv, true},
    {"^(a?){3}$"sv, "aa"sv, true},
    {"^(a?){3}$"sv, "aaaa"sv, false},
    {"^a{2}$"sv, "aa"sv, true},
    {"^a{2}$"sv, "aaa"sv, false},
    {"^a{2,}$"sv, "a"sv, false},
    {"^a{2,}$"sv, "aaaaa"sv, true},
    {"^a{2,3}$"sv, "aaaa"sv, false},
    {"^a{0}$"sv, ""sv, true},
    {"^a{0,1}b$"sv, "ab"sv, true},
    {"a{0}b"sv, "b"sv, true},
    {"^(ab{2}){2}$"sv, "abbabb"sv, true},
    {"x{3}"sv, "xx"sv, false},
    {"(?i)stra\303\237e"sv, "STRA\303\237E"sv, true},
    {"(?i)\303\211"sv, "\303\251"sv, false},
    {"(?i)[a-c]+Z"sv, "ABCz"sv, true},
    {"(?i)[^a]"sv, "A"sv, false},
    {"(?i)\\.NL$"sv, "x.nl"sv, true},
    {"(?i)k"sv, "\342\204\252"sv, false},
    {"a|b|c"sv, "c"sv, true},
    {"ab|cd"sv, "ad"sv, false},
    {"(^a|b)c"sv, "xac"sv, false},
    {"(^a|b)c"sv, "xbc"sv, true},
    {"a^b"sv, "ab"sv, false},
    {"(a$)*b"sv, "b"sv, true},
    {"$^"sv, ""sv, true},
    {"."sv, "\377"sv, true},
    {"^.{2}$"sv, "\342\202"sv, true},
    {"^..$"sv, "\342\202\254"sv, false},
    {"[^a]"sv, "\200"sv, true},
    {"\\W"sv, "\303"sv, true},
    {"a.b"sv, "a\377b"sv, true},
    {"\303\277"sv, "\377"sv, false},
    {"\000"sv, "a\000b"sv, true},
    {"B{2,}|() +"sv, "\237 -\342\202\254"sv, true},
    {".[0-A\na-\303\251]"sv, "b.\nb /\342\202\254-"sv, true},
    {"(?:B*\000|(?:\\D)(.)$)(?:|(?:$)+) "sv, "c"sv, false},
    {"^\303\251?"sv, "b."sv, true},
    {"_(?:\303\251\303\251)"sv, "\200]\342\202\254"sv, false},
    {"[0-y]+|\\.+|"sv, "bB"sv, true},
    {"[\\d]+"sv, "\360.A}"sv, false},
    {"[\\-b\\d]"sv, "]b]\303\2511"sv, true},
    {"A(?:[^1-B])"sv, "]\n_\303\251"sv, false},
    {"(?i)[C-\303\251b]+|$|a\\w+\342\202\254?"sv, "%\000.\342\202\254\303\251\342"sv, true},
    {"c/|\360\237\231\202{0,3}"sv, "11"sv, true},
    {"\\]{1}|$ \342\202\254"sv, "\n]}\303\251_"sv, true},
    {"^\\/{3}"sv, "\na]Bc\303\251]"sv, false},
    {"[^\\w]?|^|\303\251[^a\\S]?(?:\000)"sv, "\303\nB "sv, true},
    {"(?i)$"sv, "B\nb\342\202\254_\000a}"sv, true},
    {"|(?:[^\\dC-c]*a|1\n?$|\303\251){0}.|b[A-x]"sv, "\303\251.\360\237\231\202\360"sv, true},
    {"(?i)_[.]*B"sv, "aa]\342\202\254"sv, false},
    {"([\\dC-xb-x-]{2,2}|\\w+c|])*b"sv, "\nb1\342\202\254aa\n}"sv, true},
    {"(?i)}|A|\\S%\\%"sv, "b\303\251\nb\360.a"sv, true},
    {"(?i)\\]"sv, "aB 0%"sv, false},
    {"[^\\WC-\342\202\254-]?"sv, "c}"sv, true},
    {"| {2,2}"sv, "}"sv, true},
    {"0+(^)"sv, "\342]b\303\251}%a}"sv, false},
    {"\\d_|\\s[a1-\360\237\231\202\\W-]+\\D+"sv, "B.cc}"sv, false},
    {".(?:)?|a(?:/+b?){2}|\\}"sv, "B\303\251%\342\202\254"sv, true},
    {"(?i)"sv, "\377\200- "sv, true},
    {"(?i)\\d"sv, " a"sv, false},
    {"a||(?:b)(b{1,4})]"sv, "ab\360\237\231\202bc_ "sv, true},
    {"\000[^0-ya]|"sv, "b-a--.\342\202\254\342\202\254"sv, true},
    {"[^\\S]"sv, "/aa"sv, false},
    {"(?:)+.+(?:)|(b.*b?| |\\-+)?\n|[^c] "sv, "]b\360\237\231\202ca."sv, true},
    {"[^A\\W]*\\/?.{2,5}|a{2}\\.()"sv, "AB\360\237\231\202_%"sv, true},
    {"  (a+a+)"sv, "1a"sv, false},
    {"(?i)$[B-C0-0]"sv, "]\n.\3420c%"sv, false},
    {"\342\202\254.+|(?:.c{1,1}())(.*)"sv, "1_a\303\360\237\231\202\000%"sv, false},
    {"|(B{2,5})"sv, "aa.\303\251c0c"sv, true},
    {"(|\\s|(?:(?:a|b*))?)+a*\\S{1,3}"sv, "%aa/\342\202\254"sv, true},
    {"(?i) {1,}(?:(?:_|%\000[\\dca])||b){0,2}."sv, "]"sv, false},
    {"(?i)1?(A$)+|a(?:B|0)[^\\s]+"sv, "}"sv, false},
    {"(?i)^(b?1|-(?:[0-C].))*(/b)|%+(?:c|})*|b"sv, "A\naa]bb}"sv, true},
    {"}|.[\\s][\000]"sv, "-b%a \342\202\254%"sv, false},
    {"(_{3}(?:)b|)(?:/*)"sv, "a\nB\000\n\360\237\231\202b"sv, true},
    {"$[^aC-\360\237\231\202]?"sv, "%B"sv, true},
    {"[\\-]+"sv, "b.aBa"sv, false},
    {"|(?:\\w[9-\303\251-]?\\.*)"sv, "a]"sv, true},
    {"(?i)b%?[\\d]?|0{0}(\n)+\342\202\254|(?:$\000a|b)+"sv, "\n"sv, false},
    {"b|.+b*|\\S+"sv, "0\342\202\254/]1\303\251"sv, true},
    {"||a*\342\202\254?((?:|}{0}b(?:)*|B+)){3}"sv, "0"sv, true},
    {"(|)|"sv, "b\303\n"sv, true},
    {"(?:[A-y\\w]*(_*\342\202\254?)B| )*|\360\237\231\202?(?:^){3}"sv, "\237"sv, true},
    {"(?i)b+((?:|(b)|$)+|b|){1,3}"sv, "aa"sv, false},
    {"\\S{0,3}b+(?:b|(?:|$)|)|b"sv, "a\n]abb"sv, true},
    {".{1}((?:(a)?1+\360\237\231\202||.)|\\.|)?"sv, "Bc/\000\360\237\231\202\000"sv, true},
    {"Ba{2,}|[1-c\\S\\--]\303\251$|^(0)?(?:$^)*"sv, "_0b/}%a"sv, true},
    {"(?i)\342\202\254*"sv, "0}-\200- \303\251"sv, true},
    {"(?i)(?:)?a+a"sv, "0"sv, false},
    {"()+1|\\S[^a\\D]$|a(?:[\\D]\n||)*\\.{3}"sv, "}a\nBc\303\251cb"sv, false},
    {"(?i)|[^A].*"sv, "B}"sv, true},
    {"c?|()| "sv, "%c"sv, true},
    {"\\]|%"sv, "0\303\251a"sv, false},
    {"(?i)c{0,}$B"sv, "B\342\202\254\000a0.0c"sv, false},
    {"\\]?\303\251"sv, "\342\202\254"sv, false},
    {"$(\\.*)*"sv, "B"sv, true},
    {"$||0aB?"sv, "B]\n\200\303acb"sv, true},
    {"([C-z\\s.])$(?:[\303\251%0-a]{2,5})"sv, "\000"sv, false},
    {"|[b-x]"sv, "]cb_"sv, true},
    {"(a)|a"sv, "a aa/"sv, true},
    {"\342\202\254(.?\000{0,0}a?).{2,}"sv, "-\303\251\303Bac\360\237\231\202"sv, false},
    {"(?i)$|(?:(b{0,2}|$)\n*).\n+"sv, "a\000\n]c.A"sv, true},
    {"(?i)B|.*\\w+|^()"sv, "-\303\251b"sv, true},
    {"(^\\W+)*"sv, "bbA%"sv, true},
    {"\342\202\254*"sv, "a\na  b/a"sv, true},
    {"a*\n|\\d"sv, "b-%.A"sv, false},
    {"B(_{1,4}|c\\s*\\s|\\Sa)."sv, "b\303\251.b_]a}"sv, false},
    {"(?i)[0-z-]{1}"sv, "\237bc"sv, true},
    {"(?i).{3}|b\\s*a|"sv, "Ab]\237A]]-"sv, true},
    {"\\d{1,}b"sv, "\n.]-"sv, false},
    {"^\\}(?:\303\251{1,2})+"sv, "_ \360\237\231\202]b\360\237\231\202"sv, false},
    {"\000{3,}()*"sv, ".]1-"sv, false},
    {"a(?:(?:^|A+|(?:a)))"sv, "cb"sv, false},
    {"|[9-\303\251%\\W]"sv, "0"sv, true},
    {"(?i)_|b"sv, "B%c-a"sv, true},
    {"(?i)%?"sv, "\303\251\360\237\231\202b"sv, true},
    {"a{0,3}|"sv, "/"sv, true},
    {"(?i)[0-z1-]"sv, "a"sv, true},
    {"(\\}|\\W)|\000"sv, "\000b0ba-"sv, true},
    {"(?i).|"sv, "\360\237\231\202"sv, true},
    {"_%{1,1}\342\202\254+|[A]+"sv, "-c"sv, false},
    {"[/]?"sv, "b\342\202\254\nb"sv, true},
    {"(?i)b{2,3}_+($b|\342\202\254a?$)*"sv, "%\342\202\254\377\200"sv, false},
    {"(?i)(b)+|[^\\w 1-C]."sv, "\n a_\360\237\231\202\377a"sv, true},
    {".?(?:|..{2,2})?|a+a|"sv, "1caB_b\000b"sv, true},
    {"\342\202\254|A[b]*"sv, "\303.A\360\237\231\202/]b"sv, true},
    {"b*\\d"sv, "Ba/ab1_"sv, true},
    {"(?i)(?:)0(?: ?||\342\202\254^)+"sv, "\303\251b1\000"sv, false},
    {"b*a+[^\\sc-\360\237\231\202\\D]?"sv, "B%1c"sv, false},
    {"(?i)\\."sv, "1 a\303\251"sv, false},
    {"(?:1)\\d?_|\303\251+"sv, "00"sv, false},
    {"|((\n)[\\Da-\342\202\254b])+|b\303\251?"sv, ".%0 _"sv, true},
    {"(|[^A])$\\S*|]"sv, "%a]]_a."sv, true},
    {".{2,3}((?:\342\202\254+(a1)))\\-"sv, "}aa"sv, false},
    {"/{3,}"sv, "a\303\251}b"sv, false},
    {"\360\237\231\202?$(.\303\251+[b-x]{2,})?|.\303\251+|/"sv, "%}\360\237\231\202"sv, true},
    {"0{1}|$(?:\n{2}||)|.b(?:}A){0,}"sv, "_-"sv, true},
    {"(\360\237\231\202b+.+|0+|b{2,}){2,4}|(?:$c{3})+|."sv, "."sv, true},
    {"b|$|"sv, "b"sv, true},
    {"(.|_?\\])*"sv, "/]1/"sv, true},
    {"(^)-"sv, " 0\377"sv, false},
    {"\360\237\231\202{1}[\\w]$"sv, "a"sv, false},
    {"\360\237\231\202{3,}|(?:(?:\\%b)?|.+)+|[^\\w%B]*"sv, "].aBa"sv, true},
    {"(?i)$\\W*[1_]{1,4}|[\\Db\342\202\254-](?:)"sv, "0/"sv, true},
    {"(?i)b{0,3}"sv, "1"sv, true},
    {"(?:\\D|c{2,}|B*){0}[}a](?:)"sv, "Abb ]-b\000"sv, false},
    {"$_[^c-z]"sv, "a/ ._/"sv, false},
    {"((b+)|[\\D-]?\\s{2,5})*(ba\\s?)?b{3}"sv, "b-a"sv, false},
    {"(?:aa?)?_+|a"sv, "}"sv, false},
    {"(|$){2,}\\.*"sv, "/%."sv, true},
    {".{2,5}[B-caa][\\sa-b]+"sv, "]__ 0}\000"sv, true},
    {"(?i)\303\251*"sv, "]"sv, true},
    {"(?i)(?:_[^}x-x]|)"sv, "}a"sv, true},
    {"(?i)|c{2}(?:0b{0,2}(b?|$)?)|[\342\202\254A-c]"sv, " B"sv, true},
    {"(?i)(?:a/^){3}"sv, "]_-abc0b"sv, false},
    {"b..{3,}"sv, "%\n A\n "sv, false},
    {".?()|0{1}"sv, "a%\000b"sv, true},
    {"(?i)(?:A(a|c+\\S{3,}))?|"sv, "%-\377c"sv, true},
    {"(\303\251{0,0}|(?:[1-x]+|B]{2,}){2,5})\n"sv, "a\000-1"sv, false},
    {"c*\\.a?"sv, "_c}}c]%\n"sv, false},
    {"\\s?|\nc\\s|"sv, "\237"sv, true},
    {"1*(?:(.a?_?))"sv, "\n\303\251%"sv, true},
    {"(?i)\000(.)1+|a*ab"sv, "a\237"sv, false},
    {"[ 9-a]+|\n*"sv, "-}]-cb"sv, true},
    {"(?:\n){0,2}"sv, "c}bA\360\237\231\202"sv, true},
    {"|(_.\\w|\n|b+)?|\000"sv, "0A\000 cB\n]"sv, true},
    {"|\000|.([^\000\000]?\\s|\\w*)(?:(\342\202\254)|0.)"sv, "a"sv, true},
    {"\\w{1,}() {1,}|[01-c]?}a"sv, "_.]\360\237\231\202b} "sv, false},
    {"(?i)\n|[^\303\251-\342\202\254\\W]*\342\202\254b?"sv, "\n\342\202\254"sv, true},
    {"\\w{2}|^|(?:1|0{3}|[^a]c)+[x-z\000]{0}^"sv, "\000%\nb"sv, true},
    {"(?i)[9-C]{3}|%{1,3}"sv, ".a\342\202\254abc_0"sv, true},
    {"^|\\.A"sv, "b\303a"sv, true},
    {"(?i)(?: [\\dB/])"sv, "-a\303"sv, false},
    {"\360\237\231\202$"sv, " -\n0"sv, false},
    {"[\\S\360\237\231\202/]|/?(./+\342\202\254)*b|\\d+0[A-x]"sv, "aba]"sv, true},
    {"(a\\w(?:|[^B-z][^cC-y]?)+)"sv, "aAc]."sv, true},
    {"(\n)]? "sv, "BA1b\342\202\254ab"sv, false},
    {"_*(?:[\\s0-yb-]+^1?)|\000\360\237\231\202((()))"sv, "b]\n1\303\251b"sv, false},
    {"(\\}| )*a"sv, "%b"sv, false},
    {" ((a?|\\s0|$){0,2})($)*"sv, "a\342\202\254-\342\202\254/%"sv, false},
    {"(?i)[9-\360\237\231\202]*_+(\\w|a)|[\\dx-\303\251].*"sv, "}a\360\237\231\202aa/"sv, true},
    {"(?i)]{1,}"sv, "}01b"sv, false},
    {".(?:)"sv, "a 10ac"sv, true},
    {"b{1,3}\\.|a.*"sv, "\342\202\254\000"sv, false},
    {"(?i)(\303\251?||b.+a)|.{2}(})|.?"sv, "/%1%_ \303a"sv, true},
    {"(?i)(A*)Bb?"sv, "}bb"sv, true},
    {"[\303\251\\w-]|[\303\251\\s-]|b+"sv, ".\n_\342\202\2541/%\342\202\254"sv, true},
    {"(%*|(\\]{3,}|_?.(?:||\\w)+)|_)+"sv, "a\360\237\231\2020"sv, true},
    {"(?:)+ba{3}"sv, "/%\342\202\254"sv, false},
    {"|^\342\202\254{3}a{2,}|^b{0,2}"sv, "cB}\303\251BB-"sv, true},
    {"_\\D[^\\s\\s]|"sv, "a"sv, true},
    {"\\w[\na]?"sv, "%%a"sv, true},
    {"|a^1*"sv, "\000\n\342\202\254"sv, true},
    {"^|.?(?:1?|)b|(Aa?|^|.+)"sv, "a\303\251c\303\360"sv, true},
    {"(?i)|($b*)"sv, "]ac_\000}b"sv, true},
    {"b|\\d"sv, "/"sv, false},
    {"[9-\303\251c-z]a*"sv, "cc\n\377 _"sv, true},
    {"(?i)\\w|]|b"sv, "\nc]}11]"sv, true},
    {"(?:.{3,}|$-.*|)+|a"sv, "%c-"sv, true},
    {"\\-(|\303\251\\S{0}\000|)a||(.)"sv, "Abb\000_-c]"sv, true},
    {"(0\\S{3}.{2})(?:^|0)(?:)*"sv, "\342\202\254Aa\303\251"sv, false},
    {"\\D*|$"sv, "]"sv, true},
    {"(?:$)\\W?|$|\\Sa+"sv, "b\000"sv, true},
    {"\\s(?:[0\\S]?|.$|[\\W/])?"sv, "%-A "sv, true},
    {"[\\s\\D]+"sv, "\360\237\231\202b%-A]\nc"sv, true},
    {"[b}]+"sv, " \000-.B\000]"sv, false},
    {"\\DB+|(?:a+_|.){1,}|^"sv, "_"sv, true},
    {"[1a-c]*"sv, "b"sv, true},
    {"b(?:)+\\w"sv, "\342\202\254a bb_ "sv, true},
    {"|[^\\wB\\w]?"sv, "%_a\360\237\231\202/"sv, true},
    {"|\\D?"sv, " \000\000c"sv, true},
    {"\000{3}}*"sv, "\342\202\254]c./"sv, false},
    {"0{2}"sv, "abA\360\237\231\202a"sv, false},
    {"(?:1)"sv, "cb%\303\251"sv, false},
    {"\000{2}"sv, "\303\251]\237a\00010"sv, false},
    {".{0}"sv, "ba.1"sv, true},
    {"(?i)|a]{3}a?|[\\S\360\237\231\202b]{1,}b"sv, "_"sv, true},
    {"\\s?|\342\202\254"sv, "}1b}-cc"sv, true},
    {"_{3}"sv, "A\360\237\231\202a.b./."sv, false},
    {"(?i)\360\237\231\202"sv, "b\377cAaa\n"sv, false},
    {"((?:$)*B(A[A-C]a{0,2})?)?10"sv, "\303\251\342\202\254"sv, false},
    {"(?i)\360\237\231\202?"sv, "}"sv, true},
    {"(?i)0|}-|(?:()?\303\251+|)[C-b]"sv, "\360\237\231\202bb"sv, true},
    {"(?i)a{2,}"sv, " bB"sv, false},
    {"(?i)(?:1|a*\\}|(?:B.(?:|A))\n)+"sv, "B\nBb-a"sv, false},
    {"\\.{2,}(b*)"sv, "1\n0b"sv, false},
    {"a+b{1}[\360\237\231\202]"sv, "b1.-/ b "sv, false},
    {"\\%?||[\\D]+A.*"sv, "a aa}0a"sv, true},
    {"[B-zz-\342\202\254]{2}\\s\\S|"sv, "\na"sv, true},
    {"1 ?[^0-xx-z\303\251-\342\202\254]*"sv, "b]."sv, false},
    {"\342\202\254{2,}\360\237\231\202"sv, "\na\nb%._b"sv, false},
    {"(?i)\\D*(?:|($)?)*\000"sv, "ab_\360\237\231\202\n\342\202\254"sv, false},
    {"[^\\W\000]?\000"sv, "\n"sv, false},
    {"(?i)[\360\237\231\202\n\\d]"sv, "a_/"sv, false},
    {"}+c|[0-\360\237\231\202%]\342\202\254{0,}\\%"sv, "a\303\2511B\377\n.\342\202\254"sv, false},
    {"[\\w\\d]\000{1,4}-"sv, "ab \303\251b /"sv, false},
    {"(?i)[\\s]"sv, "-"sv, false},
    {"%(\n*|\\W|\n*)*\360\237\231\202|1{2}|\303\251A"sv, "c_b\342\202\254a"sv, false},
    {"(b(?:[0-B]){2,3})\\.+"sv, "a1}"sv, false},
    {"b+a((?:\\}+|b\\S+|\\s)+|a?(?:b|bb+)*)+"sv, "]b"sv, false},
    {"\\d*(\\d*\000{3,}(c*)?)|1}\\d"sv, "\000\na"sv, false},
    {"(?i)(^\\da*)\342\202\254+\342\202\254"sv, "a/c0"sv, false},
    {"(_)?\303\251"sv, "a/}b_\n_"sv, false},
    {"(?i)[0-y]+\360\237\231\202."sv, "b\377\360\237\231\202\n\000 "sv, false},
    {"([^}\\S])"sv, "B]aaB"sv, false},
    {"\303\251\\w|^_{1,3}([^\303\251-\360\237\231\202B-x])"sv, "c"sv, false},
    {"0+$b"sv, "c1"sv, false},
    {"(?i)a{2,}\\D\360\237\231\202"sv, "_\342\000a%b\342"sv, false},
    {"A_\342\202\254{3}"sv, "b\000\n\342A\000"sv, false},
    {"(?i)..b"sv, ".%.\342\202\2540.aa"sv, false},
    {"(?i)(b{1})(?:(?:|())*)"sv, "\342\202\2540]"sv, false},
    {".+[0-aa-\360\237\231\202]"sv, "B"sv, false},
    {"$0+\\.{1}"sv, "a}"sv, false},
    {"()1*}"sv, "b.\342\202\254c1"sv, false},
    {"%{1}"sv, "1Baa"sv, false},
    {"\\DB+0?"sv, "b/\303--aAa"sv, false},
    {"(?i)a+a "sv, "ABcb\360\237\231\202%b"sv, false},
    {"(a|\342\202\254?|\\S+)*a|-"sv, "\000 "sv, false},
    {"$]{3}"sv, "bbb/a"sv, false},
    {"(?i)\342\202\254"sv, "_\303\251aB"sv, false},
    {"b[1-\342\202\254A-C] "sv, "c1%b%B"sv, false},
    {"(?i)\303\251?.*c"sv, "aa0ab"sv, false},
    {"[A-a9-C]*(?:(?:\303\251*))-"sv, "_0"sv, false},
    {"[b\\w\\s]\000(|a*(?:$$)+)*"sv, "\303Ab\n%}]\303\251"sv, false},
    {"}(0{2,4}){3}a+"sv, "1\360\237\231\202a"sv, false},
    {"\\S\342\202\254"sv, "\342\202\254a b0BB1"sv, false},
    {"(?:^(?:b|}+a+|A)*|b\\w{1,})_\303\251"sv, "0"sv, false},
    {"c{2,4}^"sv, "\n]\342\202\254\000b.."sv, false},
    {"A{3}[^c-y]?"sv, "% \000"sv, false},
    {"(?i).*(\342\202\254\360\237\231\202\303\251{2,5})"sv, "}0\303\2511\n}_"sv, false},
    {"(?i)a{1,2}"sv, "0b\342\202\254"sv, false},
    {"(?i). \\]?"sv, "a\303\251a%A.]"sv, false},
    {"0(?:a?|\\w+){0,3}"sv, "]\342\202\254b}"sv, false},
};

// Expected by the same module: re.fullmatch with `.*` for %, `.` for _ and re.DOTALL. The first 30 are chosen, the
// others random, half of them equal.
constexpr Case likes[]{
    {""sv, ""sv, true},
    {""sv, "a"sv, false},
    {"%"sv, ""sv, true},
    {"%"sv, "a\nb"sv, true},
    {"_"sv, "\303\251"sv, true},
    {"_"sv, "\360\237\231\202"sv, true},
    {"_"sv, ""sv, false},
    {"__"sv, "\303\251"sv, false},
    {"a%"sv, "abc"sv, true},
    {"a%"sv, "ba"sv, false},
    {"%b%"sv, "abc"sv, true},
    {"%b"sv, "abc"sv, false},
    {"a_c"sv, "abc"sv, true},
    {"a_c"sv, "abbc"sv, false},
    {"%a%a%"sv, "aba"sv, true},
    {"%a%a%"sv, "ab"sv, false},
    {"100\\%"sv, "100%"sv, true},
    {"100\\%"sv, "1000"sv, false},
    {"a\\_b"sv, "a_b"sv, true},
    {"a\\_b"sv, "axb"sv, false},
    {"\\\\%"sv, "\\x"sv, true},
    {"a.c"sv, "abc"sv, false},
    {"A"sv, "a"sv, false},
    {"%_%_%"sv, "a"sv, false},
    {"%_%_%"sv, "ab"sv, true},
    {"%__"sv, "\360\237\231\202"sv, false},
    {"_"sv, "\377"sv, true},
    {"__"sv, "\342\202"sv, true},
    {"%\303\251"sv, "caf\303\251"sv, true},
    {"\303\251_"sv, "\303\251\303"sv, true},
    {".\\\\aab"sv, "b"sv, false},
    {"_"sv, "._%\\"sv, false},
    {"ba\303\251\\%"sv, "\n%\\\360\237\231\202"sv, false},
    {"a%"sv, "\200"sv, false},
    {"\\_\\\\%b"sv, "\303\251%\360\237\231\202aa"sv, false},
    {"\303\251\\_\\_"sv, "%__\na\200"sv, false},
    {"b\\\\_\360\237\231\202"sv, "a"sv, false},
    {"b%a."sv, "a\naa\360\237\231\202\303\251"sv, false},
    {"a"sv, "."sv, false},
    {"\\\\\303\251"sv, "b.\342a"sv, false},
    {"%\\\\"sv, "a\303\251_\360\237\231\202b\377\303\251"sv, false},
    {"\\%ba\360\237\231\202"sv, "\\\\%b"sv, false},
    {"a%\\\\"sv, "%aa\360\237\231\202aa\\"sv, false},
    {"\\_\360\237\231\202\\_\303\251a"sv, "b%"sv, false},
    {"a_\303\251\303\251b\\\\"sv, "\303\251a"sv, false},
    {"a\\\\\\__"sv, "a_."sv, false},
    {"b.\360\237\231\202%"sv, "_aba\200a"sv, false},
    {"\\\\"sv, "a\\"sv, false},
    {"\303\251%b\\_"sv, "b"sv, false},
    {"\\%a"sv, "\360\237\231\202_"sv, false},
    {"%a"sv, "a\360\237\231\202\303\251a\377"sv, false},
    {"%a.%."sv, "\303\251a"sv, false},
    {"\\\\%b%%\\\\"sv, "\n\\\\b\360\237\231\202%"sv, false},
    {"\\\\\\_"sv, "\360\237\231\202\\"sv, false},
    {"\\\\a\360\237\231\202b\\_\\\\"sv, "a"sv, false},
    {"_\\%_"sv, "\360\237\231\202b_\360\237\231\202a\303\251a"sv, false},
    {"\\%a\\\\\\\\"sv, "\377"sv, false},
    {"\303\251.\\%_a"sv, "%aaa.\200"sv, false},
    {"b\\%\\_."sv, "\360\237\231\202\360\237\231\202a.a\n"sv, false},
    {"%"sv, "\n\360\237\231\202\360\237\231\202"sv, true},
    {"\\\\.a"sv, "\200_a_a"sv, false},
    {"%"sv, "\303\251_\n"sv, true},
    {"%"sv, "__\303\251a\\\303\251\303\251"sv, true},
    {"%"sv, "a\360\237\231\202_\\"sv, true},
    {"%\\_"sv, "_"sv, true},
    {"%"sv, "aaa"sv, true},
    {"%"sv, "a\360\237\231\202\na_aa"sv, true},
    {"_%"sv, "a%a\360\237\231\202"sv, true},
    {"%"sv, "_"sv, true},
    {"a%_%"sv, "aa\303\251b\303\251\303\251"sv, true},
    {"%_%%"sv, "\360\237\231\202%%\\aa"sv, true},
    {".%"sv, ".\\"sv, true},
    {"%_"sv, "aaa"sv, true},
    {"%_"sv, "."sv, true},
    {"%"sv, "\303\251a\303\251\n\nb\360\237\231\202"sv, true},
    {"a%_"sv, "a\360\237\231\202."sv, true},
    {"%"sv, "\303\251"sv, true},
    {"%"sv, "\\a%_%"sv, true},
    {"%"sv, "a\\\\"sv, true},
    {"_%"sv, "\360\237\231\202"sv, true},
    {"%"sv, "\303\251"sv, true},
    {"%%"sv, "\200\n%a"sv, true},
    {"%"sv, "\360\237\231\202"sv, true},
    {"%b%"sv, "\200.\200aab\303\251"sv, true},
    {"_%%"sv, "\n\nbaa"sv, true},
    {"%_"sv, "%\303\251a\303\251"sv, true},
    {"%%%%"sv, "a\360\237\231\202%"sv, true},
    {"%%"sv, "aa\200_\na"sv, true},
    {"\360\237\231\202"sv, "\360\237\231\202"sv, true},
    {"\\\\%"sv, "\\_a\303\251\n%"sv, true},
};
// clang-format on

std::string repeated(std::string_view piece, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += piece;
    return text;
}
bool found(std::string_view pattern, std::string_view text) {
    return RegularExpression{pattern}.found_in(text);
}
/// The pattern is refused, at this character (0 = as a whole), with words about it.
void refuses(std::string_view pattern, std::size_t character, std::string_view about) {
    CAPTURE(pattern);
    const std::optional<std::string> problem = regular_expression_problem(pattern);
    REQUIRE(problem.has_value());
    CAPTURE(*problem);
    const std::string place = character == 0 ? ": " : ", character " + std::to_string(character) + ": ";
    CHECK(problem->starts_with("regular expression" + place));
    CHECK(problem->find(about) != std::string::npos);
    CHECK_THROWS_AS(RegularExpression{pattern}, InvalidArgument);
}

}  // namespace

TEST_SUITE("segment/regular_expression") {
    TEST_CASE("patterns find what Python's re finds") {
        for (const Case& each : searches) {
            CAPTURE(each.pattern);
            CAPTURE(each.text);
            CHECK(found(each.pattern, each.text) == each.found);
            CHECK_FALSE(regular_expression_problem(each.pattern));
        }
    }

    TEST_CASE("the end of the text is its end, not a line feed before it") {
        CHECK_FALSE(found("a$", "a\n"));
        CHECK_FALSE(found("^b", "a\nb"));
        CHECK(found("a\\n$", "a\n"));
    }

    TEST_CASE("a byte that belongs to no character is one that no pattern names") {
        CHECK(found("^.$", "\xFF"));
        CHECK(found("^..$", "\xE2\x82"));            // the start of a longer one
        CHECK(found("^..$", "\xC0\x80"));            // an overlong form
        CHECK(found("^...$", "\xED\xA0\x80"));       // a surrogate
        CHECK(found("^....$", "\xF4\x90\x80\x80"));  // above U+10FFFF
        CHECK(found("^[^a-\xF4\x8F\xBF\xBF]$", "\x80"));
        CHECK_FALSE(found("[\x01-\xF4\x8F\xBF\xBF]", "\x80\xFF"));
    }

    TEST_CASE("patterns that bring others to their knees end at once") {
        // Backtracking takes 2^n steps for each of these, or a stack frame for each character.
        const std::string many = repeated("a", 100'000);
        CHECK(found("(a+)+$", many));
        CHECK_FALSE(found("(a+)+$", many + "b"));
        CHECK_FALSE(found("^(a|a)*$", many + "b"));
        CHECK_FALSE(found("^(a|aa)+$", many + "b"));
        CHECK_FALSE(found("(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b", many));
        CHECK(found("^(((((a*)*)*)*)*)*$", many));
        // R. Cox, "Regular expression matching can be simple and fast" (2007): a?^n a^n against a^n.
        CHECK(found("^" + repeated("a?", 300) + repeated("a", 300) + "$", repeated("a", 300)));
    }

    TEST_CASE("deep brackets take no stack, and sizes have limits") {
        CHECK(found(repeated("(", 499) + "a" + repeated(")", 499), "a"));
        CHECK(found(repeated("(?:", 190) + "a" + repeated(")*", 190) + "$", "aaa"));
        CHECK(found("^a{1000}$", repeated("a", 1000)));
        CHECK_FALSE(found("^a{1000}$", repeated("a", 999)));
        CHECK(found("^(a{90}){100}$", repeated("a", 9000)));
        CHECK(found("^(){1000}$", ""));
        CHECK(found("^((){1000}){1000}$", ""));
        CHECK(found(repeated("|", 1000), ""));
        refuses(repeated("a", 1001), 0, "at most 1000 bytes, got 1001");
        CHECK_FALSE(regular_expression_problem(repeated("a", 1000)));
        refuses("(a{1000}){1000}", 0, "10000 steps");
        refuses("((((((a{9}){9}){9}){9}){9}){9}){9}", 0, "10000 steps");
        refuses("(a{1000}){0,1000}", 0, "10000 steps");
        refuses("(a{600}){17,}", 0, "10000 steps");
        refuses(repeated("(", 1000), 1000, "expected a ')'");
    }

    TEST_CASE("what is no pattern is refused with its place in characters") {
        refuses("a(b", 2, "')'");
        refuses("a)", 2, "'('");
        refuses("é[a", 2, "']'");
        refuses("[]", 1, "']'");
        refuses("[a-", 1, "']'");
        refuses("*a", 1, "a character or a group before it");
        refuses("a|+", 3, "a character or a group before it");
        refuses("(?)", 1, "'(?:'");
        refuses("^*", 2, "a character or a group before it");
        refuses("a**", 3, "in brackets");
        refuses("a+?", 3, "in brackets");
        refuses("a{", 2, "{2,5}");
        refuses("a{,2}", 2, "{2,5}");
        refuses("a{2", 2, "{2,5}");
        refuses("a{2,3", 2, "{2,5}");
        refuses("a{3,2}", 2, "not below the first");
        refuses("a{1001}", 2, "at most 1000");
        refuses("a{99999999999999999999999}", 2, "at most 1000");
        refuses("a{1,1001}", 2, "at most 1000");
        refuses("a\\", 2, "behind the backslash");
        refuses("\\b", 1, "behind the backslash");
        refuses("(a)\\1", 4, "behind the backslash");
        refuses("[z-a]", 2, "backwards");
        refuses("[a-\\d]", 2, "between two characters");
        refuses("[\\d-a]", 2, "between two characters");
        refuses("[[:alpha:]]", 2, "no class of that kind");
        refuses("a(?i)", 2, "at the start alone");
        refuses("(?=a)", 1, "'(?:'");
        refuses("(?P<n>a)", 1, "'(?:'");
        refuses("aé\xFF", 3, "UTF-8");
    }

    TEST_CASE("like finds what SQL's LIKE finds") {
        for (const Case& each : likes) {
            CAPTURE(each.pattern);
            CAPTURE(each.text);
            CHECK(like(each.text, each.pattern) == each.found);
            CHECK_FALSE(like_problem(each.pattern));
        }
    }

    TEST_CASE("a pattern of like with a backslash before anything else is refused") {
        struct Wrong {
            std::string_view pattern;
            std::size_t character;
        };
        for (const Wrong& wrong : {Wrong{"\\", 1}, {"a\\", 2}, {"é\\n", 2}, {"\\\\\\", 3}, {"\\%%\\a", 4}}) {
            CAPTURE(wrong.pattern);
            const std::optional<std::string> problem = like_problem(wrong.pattern);
            REQUIRE(problem.has_value());
            CHECK(*problem == "pattern, character " + std::to_string(wrong.character) +
                                  ": expected %, _ or \\ behind the backslash");
            CHECK_THROWS_AS((void)like("", wrong.pattern), InvalidArgument);
        }
    }

    TEST_CASE("like ends at once for patterns with many %") {
        const std::string many = repeated("a", 20'000);
        CHECK_FALSE(like(many, repeated("%a", 500) + "%b"));
        CHECK(like(many, repeated("%a", 500)));
        CHECK(like(many, repeated("%", 20'000)));
        CHECK_FALSE(like(many, "%" + repeated("a", 500) + "b"));
    }
}
