"""What streamers write above their streams, by language: emoji, quotes, right-to-left text and all."""

from __future__ import annotations

from typing import Final

TITLES: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "{game} until I drop", "ranked grind !discord", "🔴 LIVE: road to top 100 in {game} 🔥🔥", "Day {n} of {game} | !socials",
        "chill stream, come hang out ☕", "FIRST PLAYTHROUGH - no spoilers pls", "{game} with viewers 🎮 | !join", "just vibing",
        "\"one more game\" they said, {n} hours ago", "no cam, no mic, no problem", "SUBATHON DAY {n} ⏰ timer goes brrr",
        "back after a break 💜 {game}", "100% run, attempt #{n}", "new patch, who dis", "¯\\_(ツ)_/¯ {game}", "🏳️‍🌈 cozy evening 👩‍🚀✨",
        "WR attempts; PB 1:{n}:07 | a, b & \\c", "drops ON ✅ {game}", "morning coffee + {game}", "LAST STREAM BEFORE VACATION!!!",
    ),
    "es": (
        "¡A por el top en {game}! 🔥", "DIRECTO de noche con los panas", "día {n} de {game} | !redes", "tranquilito, charlando un rato ☕",
        "Jugando con subs 🎮", "reaccionando a cositas 👀", "¿Cuántas horas aguanto? | {game}", "torneo hoy, ¡vamooos!",
    ),
    "pt": (
        "LIVE ON 🔴 {game} com a galera", "subindo de elo no {game}", "bora bater meta! dia {n}", "só na resenha ☕ !pix",
        "campeonato hoje às 20h 🏆", "jogando com inscritos", "maratona de {n} horas 😴",
    ),
    "de": (
        "{game} – gemütlich in den Abend ☕", "Tag {n}: heute klappt's!", "!werbung | Ranglisten-Grind", "Kurz quatschen, dann {game}",
        "24h-Stream 🔥 Stunde {n}", "Fällt der Boss heute? 😱", "Übung macht den Meister",
    ),
    "fr": (
        "On se fait {game} tranquille ☕", "GROSSE SOIRÉE 🔥 !discord", "Jour {n} : on y croit", "Discussion & chill", "découverte : {game} 👀",
        "tournoi ce soir à 21h 🏆", "l'aventure continue…",
    ),
    "ru": ("{game} до победного", "стрим {n} | чилл и общение", "рейтинг, без тильта 🔥", "🔴 ТУРНИР, финал", "играю с подписчиками", "ночной эфир 🌙"),
    "ja": ("【{game}】初見プレイ！ネタバレ禁止", "雑談しながら{game} #{n}", "【参加型】だれでもどうぞ🎮", "深夜のまったり配信🌙", "耐久{n}時間⏰", "ランクマ"),
    "ko": ("{game} 같이 해요", "저챗 ☕ 편하게 놀다 가세요", "{n}일차 랭크 올리기 🔥", "시청자 참여 🎮", "새벽 방송 🌙", "대회 당일!!"),
    "zh": ("{game} 第{n}天", "深夜閒聊 🌙", "衝分中 🔥 請勿劇透", "和觀眾一起玩 🎮", "今天會贏嗎?", "新手上路,請多指教"),
    "it": ("{game} in compagnia 🍝", "giorno {n}: ci riproviamo", "chiacchiere e caffè ☕", "torneo stasera! 🏆"),
    "pl": ("{game} do rana 🔥", "dzień {n} | !discord", "gramy z widzami 🎮", "spokojny wieczór, pogadajmy ☕", "żółw też wygrywa"),
    "tr": ("{game} oynuyoruz 🔥", "sohbet & çay ☕", "{n}. gün: İstanbul'dan selamlar", "izleyicilerle oyun 🎮"),
    "ar": ("بث مباشر 🔴 {game}", "اليوم {n} من التحدي 🔥", "سوالف وقهوة ☕ مع الشباب", "بطولة الليلة 🏆 لا تفوتكم", "رجعنا بعد غياب (Part {n})"),
    "he": ("משחקים {game} כל הלילה", "יום {n} — לא מוותרים 🔥", "שיחה ברגוע ☕ עם הצופים", "טורניר היום! 🏆"),
    "th": ("เล่น {game} ชิลๆ", "วันที่ {n} ของการไต่แรงค์ 🔥", "คุยเล่นยามดึก 🌙"),
    "uk": ("{game} разом з вами", "день {n} | збір триває 💙💛", "вечірній чил ☕"),
    "nl": ("gezellig {game} spelen ☕", "dag {n}, we gaan door!", "kletsen met kijkers"),
    "sv": ("{game} hela kvällen", "dag {n} – nu jävlar 🔥", "fika & snack ☕"),
    "cs": ("{game} až do rána", "den {n} | pohoda ☕", "hrajeme s diváky 🎮"),
    "hi": ("{game} खेलते हैं 🔥", "दिन {n} | !discord", "चाय और बातें ☕"),
    "other": ("{game}", "🎮🎮🎮", "✨ {n} ✨", "..."),
}  # fmt: skip

ODD_TITLES: Final = (
    "",
    ".",
    "🔥" * 40,
    "title, with \"quotes\", 'ticks' and a | pipe",
    "tab\there",
    "null",
    "= SUM(A1)",
    "N/A",
    "🇺🇦🇵🇱👨‍👩‍👧‍👦 e\u0301",
)
"""What people do write, and what loses a character in careless loaders."""

LANGUAGE_TAGS: Final = {
    "en": "English", "es": "Español", "pt": "Português", "de": "Deutsch", "fr": "Français", "ru": "Русский", "ja": "日本語", "ko": "한국어",
    "zh": "中文", "it": "Italiano", "pl": "Polski", "tr": "Türkçe", "ar": "العربية", "he": "עברית", "th": "ไทย", "uk": "Українська",
    "nl": "Nederlands", "sv": "Svenska", "cs": "Čeština", "hi": "हिन्दी", "other": "Other",
}  # fmt: skip
