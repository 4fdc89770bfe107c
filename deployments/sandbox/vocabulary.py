"""The words that people, games and titles of the sandbox are made of. All of it is invented."""

from __future__ import annotations

from typing import Final

FIRST_WORDS: Final = (
    "amber arctic ashen azure binary blazing bold brave bronze cactus calm candid cosmic cozy crimson cryptic crystal "
    "daring dawn deep distant drowsy dusk dusty eager echo electric ember epic fabled faded feral fierce flying foggy "
    "frosty gentle ghostly giddy gilded glacial golden granite grim grumpy happy hazel hidden hollow honest humble icy "
    "indigo iron ivory jade jolly jumpy keen lazy lime little lone lost lucky lunar mellow midnight mighty misty modest "
    "neon nimble noble nova odd onyx opal patient pixel plain polar proud quartz quick quiet radiant rapid restless "
    "rocky rogue royal ruby rusty salty sandy scarlet secret shady shiny silent silver sleepy sly smoky snowy solar "
    "spicy static stormy sturdy subtle sunny swift tidal tiny topaz turbo twilight urban velvet vivid wandering wild "
    "windy wired witty woolly zesty"
).split()

SECOND_WORDS: Final = (
    "acorn alpaca anchor antler archer arrow badger bandit bard beacon beetle bishop bison blade boulder breeze brook "
    "bunny cactus camel canyon captain carrot cedar cheetah cipher cobra comet condor cookie coral courier coyote "
    "crane cricket crow dagger dingo dolphin dragon drummer druid eagle falcon ferret fjord flame forge fox gecko "
    "giraffe glider goblin goose griffin grove hammer harbor hawk hedgehog heron hornet hunter iguana jackal jaguar "
    "jester kestrel kettle kiwi knight koala lantern lemur leopard lizard lobster lynx magpie mammoth mango mantis "
    "marble maple meadow meteor moose mustang narwhal nomad noodle ocelot octopus orchid otter owl panda parrot "
    "pelican penguin pepper pigeon pilot pirate puffin python quokka raccoon ranger raven reef ridge robot rocket "
    "salmon samurai scholar seal shark sparrow spider squirrel stork summit tapir thistle tiger tortoise tulip turnip "
    "viper vulture walrus weasel willow wizard wolf wombat yak yeti zebra"
).split()

LOGIN_FORMS: Final = ("{a}{b}", "{a}{b}", "{a}{b}", "{a}_{b}", "{a}{b}tv", "{a}{b}{n}", "{a}_{b}_", "{a}{b}{n}")
RENAMED_FORMS: Final = ("the{a}{b}", "{a}{b}live", "real{a}{b}", "{a}_{b}_gg", "its{a}{b}", "{a}{b}_ttv", "{a}{b}hq")

LOCAL_NAMES: Final = {
    "ja": (
        "さくら 月影 ねこまる 青空 ゆきの 星屑 たぬき 風鈴 こはる 夜桜 もちこ 雷太".split(),
        "ちゃんねる げーむす 実況 TV の部屋".split(),
    ),
    "ko": (
        "하늘 별빛 고양이 달빛 구름 바람 호랑이 복숭아 여우 눈꽃 두부 보리".split(),
        "티비 게임 방송 님 월드".split(),
    ),
    "zh": ("小熊 星河 月光 阿宝 雪狐 青山 老王 晚風 橘貓 飛魚 豆腐 白鷺".split(), "遊戲 直播 TV 同學 頻道".split()),
}

CATEGORIES: Final = (
    "Just Chatting", "Music", "Art", "Sports", "Talk Shows & Podcasts", "Food & Drink", "Travel & Outdoors", "Retro",
    "Software and Game Development", "Fitness & Health", "Board Games", "Chess", "Special Events", "Science & Technology",
)  # fmt: skip
"""Categories that are no games: no IGDB id."""

HEADLINE_GAMES: Final = (
    "Rift of Ancients", "Vector Strike 2", "Block Frontier", "Last Circle", "Ages at War II", "Neon Heist Online",
    "Pocket Legends Arena", "Hexblade", "Kickoff 27", "Dungeon Postal Service", "Deep Colony", "Starfall Tactics",
    "Mecha Rally", "Empire of Dust", "Overclocked", "The Long Lantern", "Wildwood Valley", "Iron Meridian", "Shadow Parish",
    "Cardmancer", "Turbo Karts DX", "Skyharbor", "Frostline: Survival", "Ghost Precinct", "Paper Kingdoms", "Ωmega Protocol",
    "Pâtisserie Simulator", "Samurai & Sons", "ドラゴンの塔", "King's Gambit (Classic)", "Quantum Break-In", "Night Bus",
)  # fmt: skip

GAME_FIRST: Final = (
    "Ashen Broken Crimson Crystal Dark Distant Echoing Eternal Fallen Final Forgotten Frozen Golden Hollow Hyper Infinite "
    "Iron Lost Lunar Mystic Neon Phantom Pixel Rogue Sacred Savage Shattered Silent Solar Sunken Super Tiny Twisted Ultra"
).split()
GAME_SECOND: Final = (
    "Abyss Arena Archipelago Brigade Castle Caverns Chronicles Circuit Colony Crown Crusade Depths Dominion Dynasty Exodus "
    "Farm Fleet Forge Garden Harvest Horizon Islands Kingdom Legacy Legion Manor Odyssey Outpost Quest Raiders Realm Requiem "
    "Sanctum Siege Station Tower Tycoon Uprising Vanguard Voyage Warriors Wastes"
).split()
GAME_SUFFIXES: Final = (
    "",
    "",
    "",
    "",
    " II",
    " III",
    " Remastered",
    " Online",
    ": Awakening",
    ": Zero",
    " VR",
    " 2049",
)

COMMON_TAGS: Final = (
    "Chill Casual Competitive FirstPlaythrough Speedrun DropsEnabled LGBTQIA Cozy Vtuber Coop Anxiety PVP PVE Ranked IRL "
    "Charity AMA NoMic ADHD Community Educational Blind Hardcore Modded Horror Roleplay Controller 18Plus Giveaway Crafting"
).split()

DESCRIPTIONS: Final = {
    "en": ("Variety streamer, tea drinker.", "Live most evenings. Be kind.", "Speedruns, bad puns & worse aim 🎯", "business: mail in panels"),
    "es": ("Directos casi todos los días 🎮", "Jugando desde siempre. ¡Bienvenidos!"),
    "pt": ("Lives de noite, café de manhã ☕", "Só diversão por aqui!"),
    "de": ("Gemütliche Runde, jeden Abend.", "Grüße aus dem Norden 🌊"),
    "fr": ("Des jeux, du café et de la bonne humeur ☕", "En direct le soir."),
    "ru": ("Стримы по вечерам", "Играю, общаюсь, не тильтую 🙂"),
    "ja": ("ゲーム実況しています。よろしくお願いします。", "毎週末に配信中!"),
    "ko": ("매일 저녁 방송합니다", "같이 놀아요~"),
    "zh": ("每晚八點開台", "歡迎聊天 🐼"),
    "ar": ("بث مباشر كل مساء", "أهلا وسهلا بالجميع 🌙"),
    "he": ("משדר בערבים", "ברוכים הבאים!"),
}  # fmt: skip
